// An MCP server over stdio that answers the tool `fuzz` with whatever its argument `script` says, byte for byte.
// Each entry is one of { write: text }, { ms: wait }, { bytes: base64 }. $ID, $TOKEN, $MARKER stand for what the call has,
// $OTHER for the id of the call whose marker is the argument `other`, once that call is here, and $OTHERMARKER for its marker.
const calls = new Map();
const say = (text) => process.stdout.write(text);
const send = (message) => say(`${JSON.stringify(message)}\n`);
const pause = (ms) => new Promise((resolve) => setTimeout(resolve, ms));

const tools = [
  {
    name: 'echo',
    inputSchema: { type: 'object', properties: { marker: { type: 'string', default: 'none' } } },
    annotations: { readOnlyHint: true },
  },
  { name: 'fuzz', inputSchema: { type: 'object' } },
];

async function play(id, { marker, script, other }, token) {
  let partner;
  for (let turn = 0; other !== undefined && partner === undefined && turn < 100; turn += 1) {
    partner = calls.get(other);
    if (partner === undefined) await pause(5);
  }
  const fill = (text) =>
    text
      .replaceAll('$OTHERMARKER', other ?? 'none')
      .replaceAll('$OTHER', String(partner ?? 0))
      .replaceAll('$ID', JSON.stringify(id))
      .replaceAll('$TOKEN', JSON.stringify(token ?? null))
      .replaceAll('$MARKER', marker);
  for (const { write, ms, bytes } of script) {
    if (ms !== undefined) await pause(ms);
    else if (bytes !== undefined) say(Buffer.from(bytes, 'base64'));
    else say(fill(write));
  }
}

function hear(message) {
  const { id, method, params = {} } = message;
  if (method === undefined || id === undefined) return;
  const reply = (result) => send({ jsonrpc: '2.0', id, result });
  switch (method) {
    case 'initialize':
      reply({
        protocolVersion: params.protocolVersion,
        capabilities: { tools: {}, resources: { subscribe: true } },
        serverInfo: { name: 'scripted', version: '1.0.0' },
      });
      break;
    case 'tools/list':
      reply({ tools });
      break;
    case 'tools/call': {
      const { name, arguments: args = {}, _meta: meta } = params;
      const marker = typeof args.marker === 'string' ? args.marker : 'none';
      if (name === 'fuzz' && Array.isArray(args.script)) {
        calls.set(marker, id);
        void play(id, args, meta?.progressToken).finally(() => calls.delete(marker));
      } else if (name === 'echo') reply({ content: [{ type: 'text', text: marker }] });
      else send({ jsonrpc: '2.0', id, error: { code: -32602, message: `no tool ${marker}` } });
      break;
    }
    case 'ping':
    case 'resources/subscribe':
    case 'resources/unsubscribe':
    case 'logging/setLevel':
      reply({});
      break;
    default:
      send({ jsonrpc: '2.0', id, error: { code: -32601, message: 'no such method' } });
  }
}

let rest = Buffer.alloc(0);
process.stdin.on('data', (chunk) => {
  rest = Buffer.concat([rest, chunk]);
  for (let end = rest.indexOf(10); end >= 0; end = rest.indexOf(10)) {
    const line = rest.subarray(0, end).toString('utf8');
    rest = rest.subarray(end + 1);
    try {
      hear(JSON.parse(line));
    } catch {
      send({ jsonrpc: '2.0', id: null, error: { code: -32700, message: 'no JSON' } });
    }
  }
});
process.stdin.on('end', () => process.exit(0));
