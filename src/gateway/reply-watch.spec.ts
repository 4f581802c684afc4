import { describe, expect, it } from '@jest/globals';
import { ReplyWatch } from './reply-watch.js';

const reply = (id: string): string => `{"result":{},"jsonrpc":"2.0","id":${id}}`;
const NOTE = '{"jsonrpc":"2.0","method":"notifications/message","params":{}}';

/** Whether the client waits still, however the stream is cut into chunks. */
function outstanding(stream: string, id: string): boolean[] {
  return [1, 7, stream.length].map((size) => {
    const watch = new ReplyWatch(Buffer.from(id));
    for (let at = 0; at < stream.length; at += size) {
      watch.push(Buffer.from(stream.slice(at, at + size)));
    }
    return watch.outstanding;
  });
}

describe('a watched stream', () => {
  it.each<[string, string, string]>([
    ['the reply', `event: message\ndata: ${reply('7')}\n\n`, '7'],
    ['the reply behind a notification', `data: ${NOTE}\n\ndata: ${reply('7')}\r\n\r\n`, '7'],
    ['an error as the reply', 'data: {"jsonrpc":"2.0","id":7,"error":{"code":1}}\n\n', '7'],
    ['the reply in a batch', `data: [${NOTE},${reply('7')}]\n\n`, '7'],
    ['the reply with its id spelled otherwise', `data: ${reply('"\\u0061"')}\n\n`, '"a"'],
    ['an event id to resume from', 'id: up-1\ndata: \n\n', '7'],
    ['an event too long to look into', `data: ${'x'.repeat(70_000)}\n\n`, '7'],
  ])('leaves nobody waiting after %s', (_case, stream, id) => {
    expect(outstanding(stream, id)).toEqual([false, false, false]);
  });

  it.each<[string, string]>([
    ['nothing', ' '],
    ['notifications', `data: ${NOTE}\n\ndata: ${NOTE}\n\n`],
    ['a request of the server with that id', 'data: {"jsonrpc":"2.0","id":7,"method":"ping"}\n\n'],
    ['the reply to another request', `data: ${reply('"7"')}\n\ndata: ${reply('77')}\n\n`],
    ['a reply that is cut off', `data: ${reply('7')}\n`],
    ['a reply in an event of another name', `event: other\ndata: ${reply('7')}\n\n`],
    ['what is no JSON', 'data: 7\n\ndata: {\n\n'],
    ['an empty event id', 'id: \ndata: \n\n'],
  ])('leaves the client waiting after %s', (_case, stream) => {
    expect(outstanding(stream, '7')).toEqual([true, true, true]);
  });
});
