// What one client found out about one upstream: a word per step, printed as one line of JSON.
export class Report {
  steps = {};

  /** `work` answers nothing when it is fine, a text when it is not, and `undefined`-like `skip(...)` when it cannot be tried. */
  async step(name, work) {
    try {
      this.steps[name] = (await withTimeout(work(), 20_000)) ?? 'ok';
    } catch (error) {
      this.steps[name] = `FAILED ${String(error?.message ?? error).slice(0, 160)}`;
    }
  }

  print() {
    process.stdout.write(`\n${JSON.stringify(this.steps)}\n`);
    process.exit(0);
  }
}

function withTimeout(work, ms) {
  let timer;
  const late = new Promise((_, reject) => {
    timer = setTimeout(() => reject(new Error(`nothing within ${ms} ms`)), ms);
  });
  return Promise.race([work, late]).finally(() => clearTimeout(timer));
}

export function expectThat(holds, what) {
  if (!holds) throw new Error(what);
}

/** What each kind of upstream is asked. `call` = [tool, arguments, text in the answer]. */
export const ASKS = {
  everything: {
    call: ['get-sum', { a: 20, b: 22 }, '42'],
    prompt: 'simple-prompt',
    resource: 'demo://resource/static/document/features.md',
    slow: ['trigger-long-running-operation', { duration: 1, steps: 4 }],
  },
  filesystem: {
    call: ['list_allowed_directories', {}, 'Allowed'],
    prompt: null,
    resource: null,
    slow: null,
  },
  memory: { call: ['read_graph', {}, 'entities'], prompt: null, resource: null, slow: null },
};

export const textIn = (result) => JSON.stringify(result);

/** The steps of an SDK client, v1 or v2: both name their methods alike. */
export async function sdkSteps(report, client, kind, { legacy, longCall }) {
  const { call, prompt, resource, slow } = ASKS[kind];
  await report.step('list tools', async () => {
    const { tools } = await client.listTools();
    expectThat(
      tools.some(({ name }) => name === call[0]),
      `no tool ${call[0]}`,
    );
  });
  await report.step('call', async () => {
    const result = await client.callTool({ name: call[0], arguments: call[1] });
    expectThat(textIn(result).includes(call[2]), textIn(result).slice(0, 120));
  });
  await report.step('prompt', async () => {
    if (prompt === null) return '-';
    expectThat((await client.listPrompts()).prompts.length > 0, 'no prompts');
    expectThat((await client.getPrompt({ name: prompt })).messages.length > 0, 'no messages');
  });
  await report.step('resource', async () => {
    if (resource === null) return '-';
    expectThat((await client.listResources()).resources.length > 0, 'no resources');
    expectThat((await client.readResource({ uri: resource })).contents.length > 0, 'no contents');
  });
  await report.step('progress', async () => {
    if (slow === null) return '-';
    const heard = [];
    await longCall({ name: slow[0], arguments: slow[1] }, (progress) =>
      heard.push(progress.progress),
    );
    expectThat(heard.length >= 3, `only ${heard.length} reports`);
  });
  for (const [step, tool, args, sign] of [
    ['elicitation', 'trigger-elicitation-request', {}, 'User provided'],
    [
      'sampling',
      'trigger-sampling-request',
      { prompt: 'say it', maxTokens: 5 },
      'sampled by the client',
    ],
  ]) {
    await report.step(step, async () => {
      if (kind !== 'everything') return '-';
      const { tools } = await client.listTools();
      if (!tools.some(({ name }) => name === tool)) return 'not offered';
      const result = await client.callTool({ name: tool, arguments: args });
      if (!legacy && result.isError) return textIn(result).slice(0, 120);
      if (/several|cannot reach a client/.test(textIn(result))) return 'refused: shared';
      expectThat(textIn(result).includes(sign), textIn(result).slice(0, 160));
    });
  }
}

export const SAMPLED = {
  role: 'assistant',
  model: 'none',
  content: { type: 'text', text: 'sampled by the client' },
};
export const ELICITED = { action: 'accept', content: { name: 'Ann', check: true } };
