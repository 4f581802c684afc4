import { describe, expect, it } from '@jest/globals';
import { FaultyFileSystem } from '../../test/support/faulty-file-system.js';
import { SpaceReserve } from './space-reserve.js';

describe('the space reserve', () => {
  it('is taken once, found again, and given back', async () => {
    const fileSystem = new FaultyFileSystem();
    const reserve = new SpaceReserve(fileSystem, '/reserve', 1000);
    expect(await reserve.hold()).toBe(true);
    expect(fileSystem.usedBytes).toBe(1000);
    const writes = fileSystem.operations;
    expect(await new SpaceReserve(fileSystem, '/reserve', 1000).hold()).toBe(true);
    expect(fileSystem.operations).toBe(writes);
    expect(await reserve.release()).toBe(true);
    expect(await reserve.release()).toBe(false);
    expect(fileSystem.usedBytes).toBe(0);
  });

  it.each([
    [1000, false],
    [1249, false],
    [1250, true],
  ])('with %d bytes free is held: %s', async (capacity, isHeld) => {
    const fileSystem = new FaultyFileSystem();
    fileSystem.capacity = capacity;
    const reserve = new SpaceReserve(fileSystem, '/reserve', 1000);
    expect(await reserve.hold()).toBe(isHeld);
    expect(reserve.isHeld).toBe(isHeld);
    expect(fileSystem.usedBytes).toBe(isHeld ? 1000 : 0);
  });

  it('is not needed when it is of no size', async () => {
    const fileSystem = new FaultyFileSystem();
    expect(await new SpaceReserve(fileSystem, '/reserve', 0).hold()).toBe(true);
    expect(fileSystem.operations).toBe(0);
  });
});
