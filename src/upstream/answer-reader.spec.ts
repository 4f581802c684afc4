import { describe, expect, it } from '@jest/globals';
import { AnswerReader } from './answer-reader.js';

function read(type: string, chunks: string[], maxBytes = 100): string[] {
  const heard: string[] = [];
  const reader = new AnswerReader(
    { 'content-type': type },
    maxBytes,
    (message) => heard.push(message.toString()),
    () => heard.push('too long'),
  );
  for (const chunk of chunks) reader.push(Buffer.from(chunk));
  reader.end();
  return heard;
}

describe('AnswerReader', () => {
  it.each([
    ['application/json', ['{"a":', '1}'], ['{"a":1}']],
    ['application/json', [], []],
    [
      'text/event-stream; charset=utf-8',
      ['data: {"a"', ':1}\n\n: hi\n\ndata: {}\n\n'],
      ['{"a":1}', '{}'],
    ],
    ['text/event-stream', ['id: 1\ndata:\n\ndata: cut'], []],
  ])('reads %s %j', (type, chunks, messages) => {
    expect(read(type, chunks)).toEqual(messages);
  });

  it.each(['application/json', 'text/event-stream'])('bounds %s', (type) => {
    expect(read(type, ['data: 123456789', '123456789'], 15)).toContain('too long');
  });
});
