import type { Random } from "../random";

/** Frame types of RFC 9113. */
const [DATA, HEADERS, PRIORITY, RST_STREAM, SETTINGS, PUSH, PING, GOAWAY, WINDOW, CONTINUATION] = [
  0, 1, 2, 3, 4, 5, 6, 7, 8, 9,
] as const;
const PREFACE = Buffer.from("PRI * HTTP/2.0\r\n\r\nSM\r\n\r\n");
const END_STREAM = 1;
const END_HEADERS = 4;
const MAX_31 = 0x7fff_ffff;

/** Bytes for a connection that speaks HTTP/2, or seems to: a start, then frames of which one or many are wrong. */
export function http2Bytes(random: Random): Buffer {
  const parts = [start(random)];
  for (let i = random.int(1, 12); i > 0; i--) parts.push(random.weighted(FRAMES)(random));
  const bytes = Buffer.concat(parts);
  return random.chance(0.1) ? bytes.subarray(0, random.int(0, bytes.length)) : bytes;
}

function start(random: Random): Buffer {
  return random.weighted<() => Buffer>([
    [20, () => Buffer.concat([PREFACE, frame(SETTINGS, 0, 0, Buffer.alloc(0))])],
    [2, () => PREFACE],
    [1, () => PREFACE.subarray(0, random.int(0, 23))],
    [1, () => Buffer.from("PRI * HTTP/2.0\r\n\r\nXX\r\n\r\n")],
    [1, () => Buffer.from("POST / HTTP/1.1\r\nHost: x\r\n\r\n")],
    [1, () => random.bytes(50)],
  ])();
}

const FRAMES: readonly (readonly [number, (random: Random) => Buffer])[] = [
  [6, badSettings],
  [3, (random) => frame(SETTINGS, 1, 0, random.bytes(random.pick([0, 6])))],
  [2, (random) => frame(SETTINGS, 0, random.int(1, 5), setting(1, 4096))],
  [3, (random) => frame(PING, 0, random.pick([0, 1]), random.bytes(random.pick([0, 7, 8, 9])))],
  [4, (random) => frame(WINDOW, 0, stream(random), word(random.pick([0, 1, MAX_31, 2 ** 32 - 1])))],
  [3, (random) => frame(PRIORITY, 0, 3, Buffer.concat([word(3), random.bytes(1)]))],
  [4, (random) => frame(DATA, random.pick([0, 1, 8, 9]), stream(random), random.bytes(20))],
  [3, (random) => frame(RST_STREAM, 0, stream(random), random.bytes(random.pick([3, 4, 5])))],
  [2, (random) => frame(PUSH, 4, stream(random), random.bytes(20))],
  [2, (random) => frame(GOAWAY, 0, 0, random.bytes(random.pick([4, 8, 30])))],
  [
    5,
    (random) => frame(HEADERS, random.int(0, 63), stream(random), random.bytes(random.int(0, 60))),
  ],
  [4, (random) => frame(HEADERS, END_HEADERS, 1, hpackFault(random))],
  [3, (random) => frame(CONTINUATION, random.pick([0, 4]), stream(random), random.bytes(10))],
  [3, continuations],
  [3, rapidReset],
  [4, (random) => frame(HEADERS, END_HEADERS, 1, requestHeaders(random))],
  [3, (random) => frame(random.int(10, 255), random.int(0, 255), stream(random), random.bytes(8))],
  [2, (random) => frame(DATA, 0, 1, random.bytes(5), random.pick([2 ** 24 - 1, 16_385, 4]))],
  [1, (random) => frame(DATA, 0, 1, Buffer.alloc(20_000, random.int(0, 255)))],
  [3, (random) => random.bytes(random.int(1, 60))],
];

function frame(
  type: number,
  flags: number,
  streamId: number,
  payload: Buffer,
  length = payload.length,
): Buffer {
  const head = Buffer.alloc(9);
  head.writeUIntBE(length, 0, 3);
  head[3] = type;
  head[4] = flags;
  head.writeUInt32BE(streamId >>> 0, 5);
  return Buffer.concat([head, payload]);
}

function stream(random: Random): number {
  return random.pick([0, 1, 1, 3, 5, 2, 4, MAX_31, 2 ** 32 - 1]);
}

function word(value: number): Buffer {
  const bytes = Buffer.alloc(4);
  bytes.writeUInt32BE(value);
  return bytes;
}

function setting(id: number, value: number): Buffer {
  const bytes = Buffer.alloc(6);
  bytes.writeUInt16BE(id);
  bytes.writeUInt32BE(value, 2);
  return bytes;
}

function badSettings(random: Random): Buffer {
  const [id, value] = random.pick([
    [1, 2 ** 32 - 1],
    [1, 0],
    [2, 2],
    [3, 0],
    [4, 2 ** 31],
    [4, 0],
    [5, 0],
    [5, 2 ** 24],
    [6, 0],
    [8, 2],
    [0, 0],
    [0xffff, 1],
  ] as const);
  const many = Array.from({ length: random.pick([1, 1, 1, 100, 2000]) }, () => setting(id, value));
  const payload = Buffer.concat(many);
  return frame(SETTINGS, 0, 0, random.chance(0.2) ? payload.subarray(1) : payload);
}

/** Header blocks that HPACK's decoder must refuse: index 0 or far too large, endless numbers, broken Huffman codes. */
function hpackFault(random: Random): Buffer {
  return random.pick([
    Buffer.from([0x80]),
    Buffer.from([0xff, 0xff, 0xff, 0xff, 0xff, 0x7f]),
    Buffer.from([0xff, ...Array.from({ length: 30 }, () => 0x80)]),
    Buffer.from([0x3f, 0xff, 0xff, 0xff, 0xff, 0x0f]),
    Buffer.from([0x40, 0x85, 0xff, 0xff, 0xff, 0xff, 0xff, 0x01, 0x61]),
    Buffer.from([0x00, 0x7f, 0xff, 0xff, 0xff, 0xff, 0x07]),
    Buffer.concat(Array.from({ length: 200 }, () => literal("x", "y".repeat(100)))),
    Buffer.concat([literal("Upper", "1"), literal(":path", "/"), literal("connection", "close")]),
  ]);
}

/** One header, neither indexed nor compressed. */
function literal(name: string, value: string): Buffer {
  const text = (one: string): Buffer => Buffer.from([one.length & 0x7f, ...Buffer.from(one)]);
  return Buffer.concat([Buffer.from([0]), text(name.slice(0, 126)), text(value.slice(0, 126))]);
}

function requestHeaders(random: Random): Buffer {
  const pairs: [string, string][] = [
    [":method", random.pick(["POST", "GET", "", "P OST", "CONNECT"])],
    [":scheme", random.pick(["http", "https", "", "file"])],
    [":path", random.pick([INFER, "", "*", "/", "x", `/${"a".repeat(100)}`])],
    [":authority", random.pick(["x", "", "a b", "[::1", "x:99999"])],
    ["content-type", random.pick(["application/grpc", "application/grpc+proto", "text/plain", ""])],
    ["te", random.pick(["trailers", "gzip", ""])],
  ];
  if (random.chance(0.3)) pairs.reverse();
  if (random.chance(0.2)) pairs.push([":path", "/"]);
  if (random.chance(0.2)) pairs.push([random.pick([":unknown", "", "a\0b", "X"]), "1"]);
  return Buffer.concat(pairs.map(([name, value]) => literal(name, value)));
}

const INFER = "/inference.GRPCInferenceService/ModelInfer";

function continuations(random: Random): Buffer {
  const count = random.pick([2, 20, 300]);
  const block = literal("x", "y".repeat(100));
  const frames = [frame(HEADERS, 0, 1, block)];
  for (let i = 0; i < count; i++)
    frames.push(frame(CONTINUATION, i === count - 1 ? END_HEADERS : 0, 1, block));
  return Buffer.concat(frames);
}

/** Streams opened and reset at once, as many as a client might get away with. */
function rapidReset(random: Random): Buffer {
  const frames: Buffer[] = [];
  const block = Buffer.concat([
    literal(":method", "POST"),
    literal(":scheme", "http"),
    literal(":path", INFER),
    literal(":authority", "x"),
    literal("content-type", "application/grpc"),
    literal("te", "trailers"),
  ]);
  const count = random.pick([5, 50, 200]);
  for (let id = 1; id < 2 * count; id += 2) {
    frames.push(frame(HEADERS, END_HEADERS | (random.chance(0.5) ? END_STREAM : 0), id, block));
    frames.push(frame(RST_STREAM, 0, id, word(8)));
  }
  return Buffer.concat(frames);
}
