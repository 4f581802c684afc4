import fc from 'fast-check';
import { LineSplitter } from '../../src/protocol/line-framing.js';
import { scanEnvelope } from '../../src/protocol/envelope-scan.js';
import { Activity } from '../../src/upstream/activity.js';
import { MessageChannel } from '../../src/upstream/message-channel.js';
import { SharedConversations } from '../../src/upstream/shared-conversations.js';
import { UpstreamError } from '../../src/upstream/upstream.errors.js';
import type { MessageConversation, ReplySink, ServerFacts } from '../../src/upstream/upstream.js';
import { StepClock } from './step-clock.js';
import { chunked, cuts, messageBytes } from './json-text.js';
import { foreignMarkers, markerOf } from './markers.js';
import type { Claim } from './scan-properties.js';

const CLIENTS = 3;
const TIMEOUT_MS = 1_000;
const SERVER: ServerFacts = {
  protocolVersion: '2025-11-25',
  capabilities: {},
  serverInfo: {},
  instructions: null,
  resultJson: Buffer.from('{}'),
};

/** One thing that a client or the upstream does. `pick` chooses among what is under way. */
type Step =
  | {
      readonly do: 'call';
      readonly who: number;
      readonly id: string;
      readonly method: string;
      readonly token: boolean;
    }
  | {
      readonly do: 'reply';
      readonly pick: number;
      readonly shape: (id: number, text: string) => string;
    }
  | { readonly do: 'glue'; readonly pick: number; readonly by: string }
  | { readonly do: 'torn'; readonly pick: number; readonly cut: number }
  | { readonly do: 'progress'; readonly pick: number; readonly token: (id: number) => string }
  | { readonly do: 'line'; readonly bytes: Buffer }
  | { readonly do: 'send'; readonly who: number; readonly bytes: Buffer }
  | { readonly do: 'cancel'; readonly who: number; readonly id: string }
  | { readonly do: 'close'; readonly who: number }
  | { readonly do: 'wait'; readonly ms: number };

const quoted = (text: string): string => JSON.stringify(text);
const SHAPES: ((id: number, text: string) => string)[] = [
  (id, text) => `{"jsonrpc":"2.0","id":${id},"result":{"text":${quoted(text)}}}`,
  (id, text) => `{"result":{"text":${quoted(text)}},"jsonrpc":"2.0","id":${id}}`,
  (id, text) => `{"jsonrpc":"2.0","result":{"text":${quoted(text)},"id":7},"id":${id}}\r`,
  (id, text) =>
    ` { "jsonrpc" : "2.0" , "id" : ${id} , "error" : {"code":1,"message":${quoted(text)}} } `,
  (id, text) => `{"jsonrpc":"2.0","id":${id}.0,"result":${quoted(text)}}`,
  (id, text) => `{"jsonrpc":"2.0","id":"${id}","result":${quoted(text)}}`,
  (id, text) => `{"jsonrpc":"2.0","id":${id},"result":{"task":{"taskId":${quoted(text)}}}}`,
  (id, text) => `{"jsonrpc":"2.0","id":${id},"result":{bad ${text}}`,
  (id, text) => `{"jsonrpc":"2.0","id":${id},"result":{"text":"\\q${text}"}}`,
  (id, text) => `[{"jsonrpc":"2.0","id":${id},"result":{"text":${quoted(text)}}},[1],3]`,
  (id, text) => `{"id":${id},"result":${quoted(text)}}`,
  (id) => `{"jsonrpc":"2.0","id":${id},"method":"roots/list"}`,
  (id, text) => `{"jsonrpc":"2.0","id":${id + 1},"id":${id},"result":${quoted(text)}}`,
];
const TOKENS: ((id: number) => string)[] = [
  String,
  (id) => `"${id}"`,
  (id) => `${id}.0`,
  () => '-1',
  () => '{}',
  () => 'null',
];

const who = fc.nat({ max: CLIENTS - 1 });
const pick = fc.nat();
const idText = fc.constantFrom(
  '1',
  '2',
  '"1"',
  '"a"',
  '"\\u0061"',
  '1.0',
  '-1',
  '9007199254740993',
);
const method = fc.constantFrom(
  'tools/call',
  'tools/call',
  'tools/list',
  'resources/subscribe',
  'resources/unsubscribe',
  'x',
);
const step: fc.Arbitrary<Step> = fc.oneof(
  {
    weight: 6,
    arbitrary: fc.record({ do: fc.constant('call'), who, id: idText, method, token: fc.boolean() }),
  },
  {
    weight: 5,
    arbitrary: fc.record({ do: fc.constant('reply'), pick, shape: fc.constantFrom(...SHAPES) }),
  },
  {
    weight: 1,
    arbitrary: fc.record({
      do: fc.constant('glue'),
      pick,
      by: fc.constantFrom('', ' ', '\r', '\r\r', ','),
    }),
  },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('torn'), pick, cut: fc.nat({ max: 60 }) }) },
  {
    weight: 2,
    arbitrary: fc.record({ do: fc.constant('progress'), pick, token: fc.constantFrom(...TOKENS) }),
  },
  { weight: 2, arbitrary: fc.record({ do: fc.constant('line'), bytes: messageBytes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('send'), who, bytes: messageBytes }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('cancel'), who, id: idText }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('close'), who }) },
  { weight: 1, arbitrary: fc.record({ do: fc.constant('wait'), ms: fc.nat({ max: 700 }) }) },
) as fc.Arbitrary<Step>;

class Heard implements ReplySink {
  ends = 0;
  wrong: string | null = null;

  constructor(private readonly own: string) {}

  onReply(message: Buffer): void {
    this.ends += 1;
    this.look(message);
  }

  onRelated(message: Buffer): void {
    if (this.ends > 0) this.wrong = 'something came after the end';
    this.look(message);
  }

  onFail(): void {
    this.ends += 1;
  }

  private look(message: Buffer): void {
    const foreign = foreignMarkers(message.toString('latin1'), this.own);
    if (foreign.length > 0) this.wrong = `${this.own} heard ${foreign.join(', ')}`;
  }
}

/** Several clients of one child, without the child. */
class World {
  private readonly clock = new StepClock();
  private readonly channel: MessageChannel;
  private readonly shared: SharedConversations;
  private readonly conversations: MessageConversation[];
  private readonly heard: Heard[] = [];
  private readonly wire: { id: number; marker: string }[] = [];
  private readonly lines: LineSplitter;
  private readonly strays: string[] = [];

  constructor(private readonly at: readonly number[]) {
    this.channel = new MessageChannel(
      this.clock,
      new Activity(this.clock),
      {
        send: (message) => this.written(message),
        sendParts: (parts) => this.written(Buffer.concat(parts)),
      },
      {
        onMessage: (message, envelope) => this.shared.deliver(message, envelope),
        onTaskProgress: (owner, message) => this.shared.deliverTo(owner, message),
        onNoise: () => undefined,
      },
      true,
    );
    this.shared = new SharedConversations(SERVER, this.channel);
    this.conversations = Array.from({ length: CLIENTS }, (_, index) =>
      this.shared.add({
        onMessage: (message) => {
          const foreign = [...message.toString('latin1').matchAll(/mk(\d+)x/g)];
          if (foreign.some(([, n]) => Number(n) % CLIENTS !== index))
            this.strays.push(String(message));
        },
        onEnd: () => undefined,
      }),
    );
    this.lines = new LineSplitter(
      1 << 20,
      (line) => this.channel.receive(line),
      () => undefined,
    );
  }

  run(steps: readonly Step[]): void {
    for (const one of steps) this.take(one);
    this.clock.pass(TIMEOUT_MS * 2);
    this.shared.endAll(new UpstreamError('exited', 'over'));
    this.channel.table.failAll(null, new UpstreamError('exited', 'over'));
    for (const { wrong } of this.heard) if (wrong !== null) throw new Error(wrong);
    if (this.heard.some(({ ends }) => ends !== 1))
      throw new Error('a call has not exactly one end');
    if (this.strays.length > 0) throw new Error(`a client heard ${this.strays.join()}`);
  }

  private take(one: Step): void {
    switch (one.do) {
      case 'call':
        this.call(one.who, one.id, one.method, one.token);
        break;
      case 'reply':
        this.withCall(one.pick, ({ id, marker }) => this.say(`${one.shape(id, marker)}\n`));
        break;
      case 'glue':
        this.glue(
          one.pick,
          (a, b) => `${SHAPES[0]?.(a.id, a.marker)}${one.by}${SHAPES[0]?.(b.id, b.marker)}\n`,
        );
        break;
      case 'torn':
        this.glue(
          one.pick,
          (a, b) =>
            `${SHAPES[0]?.(a.id, a.marker).slice(0, one.cut)}${SHAPES[0]?.(b.id, b.marker)}\n`,
        );
        break;
      case 'progress':
        this.withCall(one.pick, ({ id, marker }) => {
          this.say(
            `{"jsonrpc":"2.0","method":"notifications/progress","params":{"progressToken":${one.token(id)},"message":"${marker}"}}\n`,
          );
        });
        break;
      case 'line':
        this.lines.push(Buffer.concat([one.bytes, Buffer.from('\n')]));
        break;
      case 'send':
        if (scanEnvelope(one.bytes) !== null) this.conversations[one.who]?.send(one.bytes);
        break;
      case 'cancel':
        this.conversations[one.who]?.send(
          Buffer.from(
            `{"jsonrpc":"2.0","method":"notifications/cancelled","params":{"requestId":${one.id}}}`,
          ),
        );
        break;
      case 'close':
        this.conversations[one.who]?.close();
        break;
      case 'wait':
        this.clock.pass(one.ms);
        break;
    }
  }

  private call(client: number, id: string, name: string, token: boolean): void {
    // A marker’s number tells whose it is.
    const marker = markerOf(this.heard.length * CLIENTS + client);
    const meta = token ? `,"_meta":{"progressToken":${id}}` : '';
    const body = Buffer.from(
      `{"jsonrpc":"2.0","id":${id},"method":"${name}","params":{"name":"t","uri":"${marker}"${meta}}}`,
    );
    const spans = scanEnvelope(body);
    const conversation = this.conversations[client];
    if (spans === null || conversation === undefined) throw new Error('a good request is not read');
    const sink = new Heard(marker);
    const before = this.wire.length;
    conversation.request(body, spans, sink, TIMEOUT_MS);
    // What is answered without the upstream ends in a turn of its own.
    if (this.wire.length > before) this.heard.push(sink);
    else this.heard.push(Object.assign(new Heard(marker), { ends: 1 }));
  }

  private written(message: Buffer): boolean {
    const text = message.toString('latin1');
    if (!/^[^\r\n]*\n$/.test(text)) throw new Error('what is written is not one line');
    const [, id] = /"id":(\d+),"method"/.exec(text) ?? [];
    const [marker] = /mk\d+x/.exec(text) ?? [];
    if (id !== undefined && marker !== undefined) this.wire.push({ id: Number(id), marker });
    return true;
  }

  private withCall(n: number, use: (call: { id: number; marker: string }) => void): void {
    const call = this.wire[n % Math.max(1, this.wire.length)];
    if (call !== undefined) use(call);
  }

  private glue(
    n: number,
    join: (a: { id: number; marker: string }, b: { id: number; marker: string }) => string,
  ): void {
    this.withCall(n, (a) => {
      this.withCall(n + 1, (b) => {
        this.say(join(a, b));
      });
    });
  }

  private say(text: string): void {
    for (const chunk of chunked(Buffer.from(text), this.at)) this.lines.push(chunk);
  }
}

const conversations = fc.property(fc.array(step, { maxLength: 40 }), cuts, (steps, at) => {
  new World(at).run(steps);
});

export const CHANNEL_CLAIMS: readonly Claim[] = [
  {
    name: 'a child’s lines reach the call they answer and no other',
    weight: 6,
    property: conversations as Claim['property'],
  },
];
