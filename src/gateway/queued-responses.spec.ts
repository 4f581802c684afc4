import { afterEach, describe, expect, it } from '@jest/globals';
import { once } from 'node:events';
import http from 'node:http';
import { connect, type AddressInfo } from 'node:net';
import { closeWithConnection } from './queued-responses.js';

const REQUEST = 'GET / HTTP/1.1\r\nHost: x\r\n\r\n';
const servers: http.Server[] = [];

afterEach(() => {
  for (const server of servers.splice(0)) server.close();
});

describe('responses of pipelined requests', () => {
  it('hear that their connection closed, each once, sent or not', async () => {
    const closed: number[] = [];
    let count = 0;
    let all: () => void = () => undefined;
    const allCame = new Promise<void>((resolve) => (all = resolve));
    let done: () => void = () => undefined;
    const allClosed = new Promise<void>((resolve) => (done = resolve));
    const server = http.createServer((request, response) => {
      closeWithConnection(request, response);
      const number = (count += 1);
      response.on('close', () => {
        closed.push(number);
        if (closed.length === 4) done();
      });
      if (number === 1) response.end('answered');
      if (number === 4) all();
    });
    servers.push(server);
    await once(server.listen(0, '127.0.0.1'), 'listening');
    const client = connect((server.address() as AddressInfo).port, '127.0.0.1');
    client.write(REQUEST.repeat(4));
    await allCame;
    client.destroy();
    await allClosed;
    expect(closed.sort()).toEqual([1, 2, 3, 4]);
  });
});
