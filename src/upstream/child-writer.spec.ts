import { describe, expect, it } from '@jest/globals';
import { Writable } from 'node:stream';
import { settle } from '../../test/support/manual-clock.js';
import { ChildWriter } from './child-writer.js';

/** A pipe that takes writes only when it is told to. */
class SlowPipe extends Writable {
  readonly writes: string[] = [];
  private waiting: (() => void) | null = null;

  constructor(private readonly slow = false) {
    super({ highWaterMark: 10 });
  }

  override _write(chunk: Buffer, _encoding: string, done: () => void): void {
    this.writes.push(chunk.toString());
    if (this.slow) this.waiting = done;
    else done();
  }

  take(): void {
    const done = this.waiting;
    this.waiting = null;
    done?.();
  }
}

describe('ChildWriter', () => {
  it('joins what is sent in one turn', async () => {
    const pipe = new SlowPipe();
    const writer = new ChildWriter(pipe, 1000);
    expect(['a\n', 'b\n'].map((text) => writer.send(Buffer.from(text)))).toEqual([true, true]);
    expect(pipe.writes).toEqual([]);
    await settle();
    writer.send(Buffer.from('c\n'));
    await settle();
    expect(pipe.writes).toEqual(['a\nb\n', 'c\n']);
  });

  it('does not join what is large, and keeps the order', async () => {
    const pipe = new SlowPipe();
    const writer = new ChildWriter(pipe, 1_000_000);
    const large = 'x'.repeat(70_000);
    for (const text of ['a', large, 'b']) writer.send(Buffer.from(text));
    await settle();
    expect(pipe.writes).toEqual(['a', large, 'b']);
  });

  it('writes a message in parts without joining or changing their order', async () => {
    const pipe = new SlowPipe();
    const writer = new ChildWriter(pipe, 100_000);
    const large = 'x'.repeat(70_000);
    writer.send(Buffer.from('before\n'));
    expect(writer.sendParts(['{', large, '}\n'].map((part) => Buffer.from(part)))).toBe(true);
    expect(writer.sendParts([Buffer.alloc(40_000)])).toBe(false);
    await settle();
    expect(pipe.writes).toEqual(['before\n', '{', large, '}\n']);
  });

  it('waits for a full pipe, and refuses what is beyond its bound', async () => {
    const pipe = new SlowPipe(true);
    const writer = new ChildWriter(pipe, 30);
    expect(writer.send(Buffer.alloc(20))).toBe(true);
    await settle();
    expect(writer.send(Buffer.alloc(20, 'b'))).toBe(true);
    expect(writer.send(Buffer.alloc(20))).toBe(false);
    await settle();
    expect(pipe.writes).toHaveLength(1);
    pipe.take();
    await settle();
    expect(pipe.writes).toHaveLength(2);
    expect(writer.send(Buffer.alloc(20))).toBe(true);
  });

  it('takes one message of any size when nothing waits, and survives a closed pipe', async () => {
    const pipe = new SlowPipe();
    const writer = new ChildWriter(pipe, 10);
    expect(writer.send(Buffer.alloc(50))).toBe(true);
    await settle();
    pipe.destroy();
    writer.send(Buffer.from('x'));
    await settle();
    expect(pipe.writes).toHaveLength(1);
  });
});
