export { ensurePython, type Python, type PythonOptions } from "./ensure";
export { runPython, type PythonRun } from "./run-python";
