import { connect } from 'node:net';

export interface RawAnswer {
  readonly status: number;
  readonly headers: Readonly<Record<string, string>>;
  readonly body: string;
}

export interface Exchange {
  /** Whole answers, in order. */
  readonly answers: readonly RawAnswer[];
  /** All that came, for a look at markers. */
  readonly text: string;
  readonly end: 'answered' | 'closed' | 'late';
}

export interface Sending {
  readonly parts: readonly Buffer[];
  /** Whole answers after which the client leaves; 0 = it leaves as soon as all is sent. */
  readonly awaits: number;
  readonly withinMs: number;
}

/** Writes bytes to a port and reads what comes back, for at most the given time. Never rejects. */
export function exchange(port: number, { parts, awaits, withinMs }: Sending): Promise<Exchange> {
  return new Promise((resolve) => {
    const socket = connect(port, '127.0.0.1');
    const chunks: Buffer[] = [];
    let done = false;
    const finish = (end: Exchange['end']): void => {
      if (done) return;
      done = true;
      clearTimeout(timer);
      socket.destroy();
      const bytes = Buffer.concat(chunks);
      resolve({ answers: answersIn(bytes), text: bytes.toString('latin1'), end });
    };
    const timer = setTimeout(() => {
      finish('late');
    }, withinMs);
    socket.on('error', () => {
      finish('closed');
    });
    socket.on('close', () => {
      finish('closed');
    });
    socket.on('data', (chunk: Buffer) => {
      chunks.push(chunk);
      if (awaits > 0 && answersIn(Buffer.concat(chunks)).length >= awaits) finish('answered');
    });
    socket.on('connect', () => {
      void sendAll(socket, parts).then(() => {
        if (awaits === 0) setTimeout(() => finish('answered'), 5);
      });
    });
  });
}

async function sendAll(
  socket: { write(part: Buffer): boolean; destroyed: boolean },
  parts: readonly Buffer[],
): Promise<void> {
  for (const part of parts) {
    if (socket.destroyed) return;
    socket.write(part);
    if (parts.length > 1) await new Promise((resolve) => setTimeout(resolve, 1));
  }
}

/** The whole HTTP responses at the beginning of `bytes`; 1xx are left out. */
export function answersIn(bytes: Buffer): RawAnswer[] {
  const answers: RawAnswer[] = [];
  let at = 0;
  for (;;) {
    const headEnd = bytes.indexOf('\r\n\r\n', at);
    if (headEnd < 0) return answers;
    const [first = '', ...lines] = bytes.toString('latin1', at, headEnd).split('\r\n');
    const status = Number(first.split(' ')[1]);
    const headers: Record<string, string> = {};
    for (const line of lines) {
      const colon = line.indexOf(':');
      headers[line.slice(0, colon).toLowerCase()] = line.slice(colon + 1).trim();
    }
    const read =
      status < 200 ? { body: '', end: headEnd + 4 } : bodyAt(bytes, headEnd + 4, headers, status);
    if (read === null) return answers;
    if (status >= 200) answers.push({ status, headers, body: read.body });
    at = read.end;
  }
}

function bodyAt(
  bytes: Buffer,
  start: number,
  headers: Readonly<Record<string, string>>,
  status: number,
): { body: string; end: number } | null {
  if (status === 204 || status === 304) return { body: '', end: start };
  if (headers['transfer-encoding'] === 'chunked') return chunkedBody(bytes, start);
  const length = Number(headers['content-length'] ?? NaN);
  if (Number.isNaN(length) || bytes.length < start + length) return null;
  return { body: bytes.toString('utf8', start, start + length), end: start + length };
}

function chunkedBody(bytes: Buffer, start: number): { body: string; end: number } | null {
  const parts: Buffer[] = [];
  let at = start;
  for (;;) {
    const lineEnd = bytes.indexOf('\r\n', at);
    if (lineEnd < 0) return null;
    const size = parseInt(bytes.toString('latin1', at, lineEnd), 16);
    const next = lineEnd + 2 + size + 2;
    if (Number.isNaN(size) || bytes.length < next) return null;
    parts.push(bytes.subarray(lineEnd + 2, lineEnd + 2 + size));
    at = next;
    if (size === 0) return { body: Buffer.concat(parts).toString('utf8'), end: at };
  }
}
