import { describe, expect, it } from '@jest/globals';
import { scanEnvelope } from '../protocol/envelope-scan.js';
import { scanParams } from './request-params.js';

function scan(params: string): Record<string, string> | null {
  const body = Buffer.from(`{"jsonrpc":"2.0","id":1,"method":"m","params":${params}}`);
  const envelope = scanEnvelope(body);
  if (envelope === null) throw new Error('no envelope');
  const s = scanParams(body, envelope);
  if (s === null) return null;
  const text = (start: number, end: number): string => body.toString('utf8', start, end);
  return {
    meta: text(s.metaStart, s.metaEnd),
    name: text(s.nameStart, s.nameEnd),
    uri: text(s.uriStart, s.uriEnd),
    task: text(s.taskStart, s.taskEnd),
    args: text(s.argumentsStart, s.argumentsEnd),
    state: text(s.stateStart, s.stateEnd),
    responses: text(s.responsesStart, s.responsesEnd),
  };
}

describe('the parameters of a stateless request', () => {
  it('are found by their names', () => {
    expect(
      scan(
        '{"x":1,"name":"t","uri":"u:/","taskId":"k","arguments":{"a":[]},"requestState":"s","inputResponses":{},"_meta":{"m":1}}',
      ),
    ).toEqual({
      meta: '{"m":1}',
      name: '"t"',
      uri: '"u:/"',
      task: '"k"',
      args: '{"a":[]}',
      state: '"s"',
      responses: '{}',
    });
  });

  it('may all be absent', () => {
    expect(scan('{}')).toEqual({
      meta: '',
      name: '',
      uri: '',
      task: '',
      args: '',
      state: '',
      responses: '',
    });
  });

  it.each(['uri', 'taskId', 'arguments', 'requestState', 'inputResponses'])(
    'are refused when %s stands twice, as servers differ in which they take',
    (name) => {
      expect(scan(`{"${name}":"a","${name}":"b"}`)).toBeNull();
    },
  );
});
