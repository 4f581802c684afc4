import { beforeEach, describe, expect, it } from '@jest/globals';
import { CONTEXT } from '../../test/support/fake-control-plane.js';
import { isJsonObject } from '../kernel/json.js';
import { defineProblems, ProblemError } from '../kernel/problem.js';
import type { RegistrationResult } from '../registration/registration-result.js';
import { ManifestIntake, type Upserts } from './manifest-intake.js';

const problems = defineProblems('fixture', {
  invalid: { status: 422, title: 'Invalid', action: 'Mend it.', level: 'info' },
});
const SCRIPT = '6f1c1a5e-6f0e-4c5e-9a57-7a2d1c9f3b10';

let calls: string[];
let intake: ManifestIntake;

beforeEach(() => {
  calls = [];
  const upsert = (by: string) => (input: unknown) => {
    const name = isJsonObject(input) ? String(input['name']) : '';
    calls.push(`${by} ${name}`);
    if (name === 'bad') {
      const errors = [{ pointer: '/config/runtime/command', detail: 'is not allowed' }];
      return Promise.reject(problems.invalid({ errors }));
    }
    return Promise.resolve(resultOf(name));
  };
  const upserts: Upserts = { upsertByScript: upsert('script'), upsertByName: upsert('name') };
  intake = new ManifestIntake(upserts);
});

function resultOf(name: string): RegistrationResult {
  const status = name === 'same' ? 200 : name === 'slow' ? 202 : 201;
  return {
    status,
    outcome: status === 200 ? 'unchanged' : status === 202 ? 'pending' : 'created',
    service_id: `id-${name}`,
    service: { name, tools: [{ name: 'echo' }] },
    warnings: [],
    plan: null,
    etag: null,
    location: null,
  };
}

async function refusal(run: Promise<unknown>): Promise<ProblemError> {
  const error = await run.catch((reason: unknown) => reason);
  if (error instanceof ProblemError) return error;
  throw new Error('nothing was refused');
}

describe('ManifestIntake', () => {
  it('finds a generated service by its script and answers the document', async () => {
    const manifest = { script_id: SCRIPT, name: 'a', wrapper: { command: 'node' } };
    const answer = await intake.take(manifest, CONTEXT, {});
    expect(answer.status).toBe(201);
    expect(answer.body).toMatchObject({ name: 'a', outcome: 'created', warnings: [] });
    expect(calls).toEqual(['script a']);
  });

  it('warns of announced tools that the server does not list', async () => {
    const manifest = {
      script_id: SCRIPT,
      name: 'a',
      wrapper: { command: 'node' },
      tools: ['echo', 'gone'],
    };
    const { result } = await intake.take(manifest, CONTEXT, {});
    expect(result?.warnings).toEqual([
      'The manifest names tools that the server does not list: gone.',
    ]);
  });

  it('reports errors where they stand in the manifest', async () => {
    const manifest = { script_id: SCRIPT, name: 'bad', wrapper: { command: 'sh' } };
    const { details } = await refusal(intake.take(manifest, CONTEXT, {}));
    expect(details.errors).toEqual([{ pointer: '/wrapper/command', detail: 'is not allowed' }]);
  });

  it.each([
    [['a', 'b'], 201],
    [['a', 'same'], 201],
    [['same'], 200],
    [['a', 'slow'], 202],
  ])('answers the servers %j of a file with %d', async (names, status) => {
    const mcpServers = Object.fromEntries(names.map((name) => [name, { command: 'node' }]));
    const answer = await intake.take({ mcpServers }, CONTEXT, {});
    expect(answer.status).toBe(status);
    expect(answer.body).toMatchObject({ items: names.map((name) => ({ name })) });
  });

  it('refuses a file when one server fails, names each, and lets the others stand', async () => {
    const mcpServers = { a: { command: 'node' }, bad: { command: 'sh' } };
    const error = await refusal(intake.take({ mcpServers }, CONTEXT, {}));
    expect(error.code).toBe('hooks.servers-failed');
    expect(error.details.extra?.['items']).toMatchObject([
      { name: 'a', status: 201 },
      {
        name: 'bad',
        status: 422,
        problem: { code: 'fixture.invalid', errors: [{ pointer: '/mcpServers/bad/command' }] },
      },
    ]);
    expect(calls.sort()).toEqual(['name a', 'name bad']);
  });

  it('matches a plain specification by its script, or else by its name', async () => {
    await intake.take({ name: 'a', config: {} }, CONTEXT, {});
    await intake.take({ name: 'b', script_id: SCRIPT, config: {} }, CONTEXT, {});
    expect(calls).toEqual(['name a', 'script b']);
  });
});
