"""What the train.py of each model and `modelport new-model` share: ONNX out of a framework, and the folder that is served."""
