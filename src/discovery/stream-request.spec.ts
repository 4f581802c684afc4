import { describe, expect, it } from '@jest/globals';
import { EventEmitter } from 'node:events';
import type { ServerResponse } from 'node:http';
import { closeSignal, resumedFrom, wantsStream } from './stream-request.js';

describe('a request for a stream', () => {
  it.each([
    ['text/event-stream', true],
    ['application/json, Text/Event-Stream;q=0.5', true],
    ['application/json', false],
    [undefined, false],
  ])('that accepts %s wants one: %s', (accept, answer) => {
    expect(wantsStream(accept)).toBe(answer);
  });

  it.each([
    ['17', 17],
    ['0', 0],
    ['-1', null],
    ['1e3', null],
    ['9999999999999999', null],
    ['', null],
    [undefined, null],
  ])('with the last event id %s goes on from %s', (id, revision) => {
    expect(resumedFrom(id)).toBe(revision);
  });
});

describe('closeSignal', () => {
  it.each([
    [false, true],
    [true, false],
  ])('when the answer is written (%s) is aborted: %s', (writableEnded, aborted) => {
    const response = Object.assign(new EventEmitter(), { writableEnded });
    const signal = closeSignal(response as unknown as ServerResponse);
    response.emit('close');
    expect(signal.aborted).toBe(aborted);
  });
});
