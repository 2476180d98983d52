import { RequestError } from "../errors";
import type { TensorData } from "../tensor";
import { kindOf } from "./faults";
import { parseRaw } from "./raw";
import type { InputMetadata } from "../model-metadata";

/** The header that tells how many bytes of a body are JSON; the tensors' bytes follow them. */
export const JSON_LENGTH_HEADER = "inference-header-content-length";

/** A body in two parts: JSON, then the bytes of the tensors that say so, one after the other. */
export class BinaryBody {
  private at: number;

  private constructor(
    private readonly body: Buffer,
    private readonly jsonLength: number,
    private readonly split: boolean,
  ) {
    this.at = jsonLength;
  }

  /**
   * @param jsonLength the header's value; without one the whole body is JSON
   * @throws RequestError 400 when it is no number of bytes that the body has.
   */
  static of(body: Buffer, jsonLength: string | undefined): BinaryBody {
    if (jsonLength === undefined) return new BinaryBody(body, body.length, false);
    const length = /^[0-9]{1,15}$/.test(jsonLength) ? Number(jsonLength) : NaN;
    if (!(length <= body.length))
      throw new RequestError(
        400,
        `a number of bytes from 0 to ${body.length}, the body's length, is needed`,
        JSON_LENGTH_HEADER,
      );
    return new BinaryBody(body, length, true);
  }

  get json(): Buffer {
    return this.split ? this.body.subarray(0, this.jsonLength) : this.body;
  }

  /**
   * The next tensor's elements.
   * @param size its `binary_data_size`
   * @throws RequestError 400 when the body has not as many bytes left, or they are not `elements` elements.
   */
  take(size: unknown, { datatype }: InputMetadata, elements: number, field: string): TensorData {
    const sizeField = `${field}.parameters.binary_data_size`;
    if (!this.split)
      throw new RequestError(400, `binary data need the header ${JSON_LENGTH_HEADER}`, sizeField);
    if (typeof size !== "number" || !Number.isSafeInteger(size) || size < 0)
      throw new RequestError(
        400,
        `a whole number of bytes is needed, got ${typeof size === "number" ? size : kindOf(size)}`,
        sizeField,
      );
    const left = this.body.length - this.at;
    if (size > left)
      throw new RequestError(
        400,
        `${size} bytes are announced, the body has ${left} left`,
        sizeField,
      );
    const bytes = this.body.subarray(this.at, (this.at += size));
    return parseRaw(datatype, bytes, elements, sizeField);
  }

  /** @throws RequestError 400 when bytes are left that no tensor took. */
  end(): void {
    const left = this.body.length - this.at;
    if (left > 0)
      throw new RequestError(
        400,
        `the body has ${left} bytes more than its JSON and the inputs' binary_data_size`,
        JSON_LENGTH_HEADER,
      );
  }
}
