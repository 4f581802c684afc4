// Loaded into a gateway before its own code (`--expose-gc --import`): on SIGUSR2 collects garbage and appends what is left
// to $MEMORY_REPORT as one JSON line; with $MEMORY_SNAPSHOTS it writes a heap snapshot into that directory as well.
import { appendFileSync } from 'node:fs';
import { join } from 'node:path';
import { getHeapSpaceStatistics, writeHeapSnapshot } from 'node:v8';

const { MEMORY_REPORT: report, MEMORY_SNAPSHOTS: snapshots } = process.env;
/** A second collection takes what finalizers and weak references of the first let go. */
const COLLECTIONS = 3;
let asked = 0;

function usage() {
  const { rss, heapUsed, heapTotal, external, arrayBuffers } = process.memoryUsage();
  const spaces = getHeapSpaceStatistics();
  const code = spaces
    .filter(({ space_name: name }) => name.startsWith('code'))
    .reduce((sum, { space_used_size: bytes }) => sum + bytes, 0);
  return { rss, heapUsed, heapTotal, external, arrayBuffers, code };
}

async function measure() {
  asked += 1;
  const before = usage();
  for (let at = 0; at < COLLECTIONS; at += 1) {
    globalThis.gc();
    await new Promise((resolve) => setImmediate(resolve));
  }
  const after = usage();
  if (snapshots !== undefined) writeHeapSnapshot(join(snapshots, `${asked}.heapsnapshot`));
  appendFileSync(report, `${JSON.stringify({ before, after })}\n`);
}

if (report !== undefined) process.on('SIGUSR2', () => void measure());
