import fc from 'fast-check';

/** Text that is JSON, nearly JSON, or a JSON-RPC message with something wrong with it. */

const word = fc.constantFrom(
  'id',
  'method',
  'params',
  'result',
  'error',
  'jsonrpc',
  'name',
  '_meta',
  'progressToken',
  'io.modelcontextprotocol/protocolVersion',
  'x',
  '__proto__',
  '',
);

const stringText = fc.oneof(
  { weight: 6, arbitrary: fc.string({ maxLength: 12 }).map((text) => JSON.stringify(text)) },
  { weight: 3, arbitrary: word.map((text) => JSON.stringify(text)) },
  {
    weight: 3,
    arbitrary: fc.constantFrom(
      '"\\u0069d"',
      '"meth\\u006fd"',
      '"\\q"',
      '"\\"',
      '"a\nb"',
      '"\u0000"',
      '"\\ud800"',
      '"é😀"',
      '"\\\\\\""',
      '"}{"',
      '"\\u00"',
      '"\r\n\r\ndata: x"',
    ),
  },
);

const numberText = fc.oneof(
  fc.integer().map(String),
  fc.constantFrom(
    '0',
    '-0',
    '01',
    '1e3',
    '1e400',
    '-',
    '1.',
    '.5',
    '+1',
    '12345678901234567890',
    '1.0',
    '5E-0',
    'NaN',
    '0x10',
  ),
);

const scalarText = fc.oneof(
  stringText,
  numberText,
  fc.constantFrom('true', 'false', 'null', 'nul', 'True', 'undefined', ''),
);

const space = fc.constantFrom('', '', '', ' ', '\n', '\r', '\t ', '\u00a0', '\ufeff');

const keyText = fc.oneof(
  { weight: 4, arbitrary: word.map((text) => JSON.stringify(text)) },
  { weight: 1, arbitrary: stringText },
);

/** Any JSON-like value, at times broken. */
export const valueText: fc.Arbitrary<string> = fc.letrec<{ value: string; object: string }>(
  (tie) => ({
    value: fc.oneof(
      { maxDepth: 4, withCrossShrink: true },
      scalarText,
      tie('object'),
      fc.array(tie('value'), { maxLength: 4 }).map((items) => `[${items.join(',')}]`),
    ),
    object: fc
      .array(fc.tuple(keyText, space, tie('value'), space), { maxLength: 5 })
      .map((members) => `{${members.map(([k, a, v, b]) => `${k}${a}:${b}${v}`).join(',')}}`),
  }),
).value;

const idText = fc.oneof(
  { weight: 5, arbitrary: fc.nat({ max: 1000 }).map(String) },
  { weight: 3, arbitrary: stringText },
  { weight: 2, arbitrary: numberText },
  { weight: 1, arbitrary: fc.constantFrom('null', '{}', '[1]', 'true', '') },
);

const methodText = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.constantFrom(
      '"tools/call"',
      '"tools/list"',
      '"initialize"',
      '"ping"',
      '"notifications/progress"',
      '"notifications/cancelled"',
      '"resources/subscribe"',
      '"nobody/knows"',
    ),
  },
  { weight: 1, arbitrary: valueText },
);

const tokenText = fc.oneof(idText, valueText);

const paramsText = fc.oneof(
  fc
    .tuple(stringText, tokenText, valueText)
    .map(
      ([name, token, rest]) =>
        `{"name":${name},"_meta":{"progressToken":${token}},"arguments":${rest}}`,
    ),
  fc
    .tuple(tokenText, valueText)
    .map(([token, rest]) => `{"progressToken":${token},"progress":1,"x":${rest}}`),
  fc.tuple(tokenText).map(([id]) => `{"requestId":${id}}`),
  valueText,
);

const memberText = fc.oneof(
  { weight: 5, arbitrary: fc.constant('"jsonrpc":"2.0"') },
  { weight: 1, arbitrary: valueText.map((value) => `"jsonrpc":${value}`) },
  { weight: 4, arbitrary: idText.map((id) => `"id":${id}`) },
  { weight: 3, arbitrary: methodText.map((method) => `"method":${method}`) },
  { weight: 3, arbitrary: paramsText.map((params) => `"params":${params}`) },
  { weight: 2, arbitrary: valueText.map((value) => `"result":${value}`) },
  { weight: 1, arbitrary: valueText.map((value) => `"error":${value}`) },
  { weight: 1, arbitrary: fc.tuple(keyText, valueText).map(([key, value]) => `${key}:${value}`) },
);

const looseMessage = fc
  .tuple(fc.array(fc.tuple(memberText, space), { maxLength: 6 }), space, space)
  .map(
    ([members, before, behind]) =>
      `${before}{${members.map(([m, s]) => s + m).join(',')}}${behind}`,
  );

/** Well-shaped but for the texts of its members. */
const shapedMessage = fc.oneof(
  fc
    .tuple(idText, methodText, paramsText)
    .map(
      ([id, method, params]) =>
        `{"jsonrpc":"2.0","id":${id},"method":${method},"params":${params}}`,
    ),
  fc
    .tuple(methodText, paramsText)
    .map(([method, params]) => `{"jsonrpc":"2.0","method":${method},"params":${params}}`),
  fc
    .tuple(idText, valueText)
    .map(([id, result]) => `{"jsonrpc":"2.0","id":${id},"result":${result}}`),
  fc
    .tuple(idText, valueText)
    .map(([id, result]) => `{"result":${result},"jsonrpc":"2.0","id":${id}}`),
  fc.tuple(idText, valueText).map(([id, error]) => `{"jsonrpc":"2.0","id":${id},"error":${error}}`),
);

const deepText = fc
  .tuple(fc.constantFrom(20, 500, 511, 512, 513, 2_000, 20_000), fc.boolean(), idText)
  .map(([depth, closed, id]) => {
    const close = closed ? ']'.repeat(depth) : '';
    return `{"jsonrpc":"2.0","id":${id},"method":"tools/call","params":{"x":${'['.repeat(depth)}${close}}}`;
  });

const messageText = fc.oneof(
  { weight: 6, arbitrary: shapedMessage },
  { weight: 3, arbitrary: looseMessage },
  { weight: 1, arbitrary: valueText },
);

const batchText = fc.array(messageText, { maxLength: 4 }).map((items) => `[${items.join(',')}]`);

/** What damages the bytes of a message. */
type Damage = (bytes: Buffer) => Buffer;

const damage: fc.Arbitrary<Damage> = fc.oneof(
  fc.nat().map(
    (n): Damage =>
      (bytes) =>
        bytes.subarray(0, n % (bytes.length + 1)),
  ),
  fc.tuple(fc.nat(), fc.nat({ max: 255 })).map(([n, byte]): Damage => (bytes) => {
    const copy = Buffer.from(bytes);
    if (copy.length > 0) copy[n % copy.length] = byte;
    return copy;
  }),
  fc.tuple(fc.nat(), fc.uint8Array({ maxLength: 6 })).map(([n, extra]): Damage => (bytes) => {
    const at = n % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), extra, bytes.subarray(at)]);
  }),
  fc.tuple(fc.nat(), fc.nat({ max: 8 })).map(([n, length]): Damage => (bytes) => {
    const at = n % (bytes.length + 1);
    return Buffer.concat([bytes.subarray(0, at), bytes.subarray(at + length)]);
  }),
);

/** One message, good or bad, as bytes; never with meaning beyond its text. */
export const messageBytes: fc.Arbitrary<Buffer> = fc
  .tuple(
    fc.oneof(
      { weight: 12, arbitrary: messageText },
      { weight: 2, arbitrary: batchText },
      { weight: 1, arbitrary: deepText },
    ),
    fc.option(damage, { freq: 2 }),
  )
  .map(([text, spoil]) => (spoil === null ? Buffer.from(text) : spoil(Buffer.from(text))));

/** Bytes of a stream cut into chunks. */
export function chunked(bytes: Buffer, cuts: readonly number[]): Buffer[] {
  const at = [...new Set(cuts.map((cut) => cut % (bytes.length + 1)))].sort((a, b) => a - b);
  return [0, ...at].map((start, index) => bytes.subarray(start, at[index] ?? bytes.length));
}

export const cuts = fc.array(fc.nat(), { maxLength: 8 });
