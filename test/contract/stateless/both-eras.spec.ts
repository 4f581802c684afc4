import { afterEach, expect, it } from '@jest/globals';
import { SystemClock } from '../../../src/kernel/clock.js';
import { isJsonObject } from '../../../src/kernel/json.js';
import { cleanUp, factory, until } from '../upstream/harness.js';
import { endpointOf, type Answer } from '../gateway/gateway-rig.js';
import { RealSource } from './real-source.js';
import { StatelessRig, type Asking } from './stateless-rig.js';

const ASKS: Asking = { capabilities: { elicitation: {} } };

let rig: StatelessRig;
afterEach(async () => {
  await rig.close();
  await cleanUp();
});

/** The methods that the upstream of a call has heard. */
function heard(answer: Answer): string[] {
  const { result } = answer.json();
  if (!isJsonObject(result)) throw new Error(answer.text);
  const [{ text }] = result.content as [{ text: string }];
  const { requests } = JSON.parse(text) as { requests: { method: string }[] };
  return requests.map(({ method }) => method);
}

it('a child of both eras is spoken to in the client’s own as soon as that is known', async () => {
  const source = new RealSource('stdio', 'dual', factory());
  const endpoint = endpointOf(source as never, { isolation: 'session', tools: [] });
  rig = await new StatelessRig(new SystemClock()).listen(endpoint);
  const asked = await rig.call('ask', {}, ASKS);
  expect(heard(await rig.call('seen'))).toContain('initialize');
  let methods: string[] = [];
  const deadline = performance.now() + 10_000;
  while (!methods.includes('server/discover') && performance.now() < deadline) {
    methods = heard(await rig.call('seen'));
  }
  expect(methods).not.toContain('initialize');
  expect(asked.status).toBe(200);
  expect(await until(() => source.leases <= 2, 5_000)).toBe(true);
}, 20_000);
