import { describe, expect, it } from '@jest/globals';
import { FakeTerminal, type CannedAnswers } from '../../test/support/fake-terminal.js';
import { EXIT } from './exit-code.js';
import { run } from './program.js';
import type { Terminal } from './terminal.js';

const V1 = '/api/v1';
const SERVICE = {
  name: 'weather',
  service_id: 'w-1',
  version: '1.0.0',
  revision: 2,
  state: 'active',
};
const ETAG = { etag: '"2.7"' };
const REVISIONS = {
  items: [
    { revision: 3, outcome: 'draft' },
    { revision: 2, outcome: 'current' },
    { revision: 1, outcome: 'superseded' },
  ],
};

async function type(
  line: readonly string[],
  answers: CannedAnswers,
  given = '',
): Promise<{ code: number; terminal: FakeTerminal }> {
  const terminal = new FakeTerminal(answers);
  terminal.given = given;
  return { code: await run(line, terminal), terminal };
}

describe('a command that reads', () => {
  it('joins all pages of a list', async () => {
    const { code, terminal } = await type(['list', '--tag', 'geo'], {
      [`GET ${V1}/services?tag=geo&limit=500`]: {
        body: { items: [{ name: 'a' }], next_cursor: 'c2' },
      },
      [`GET ${V1}/services?tag=geo&limit=500&cursor=c2`]: {
        body: { items: [{ name: 'b' }], next_cursor: null },
      },
    });
    expect(code).toBe(EXIT.done);
    expect(terminal.stdout.split('\n').map((line) => line[0])).toEqual(['N', 'a', 'b', undefined]);
  });

  it('prints the answer of the API as it is with --json', async () => {
    const { terminal } = await type(['--json', 'show', 'weather'], {
      [`GET ${V1}/services/weather`]: { body: SERVICE },
    });
    expect(JSON.parse(terminal.stdout)).toEqual(SERVICE);
  });

  it.each([
    ['healthy', EXIT.done],
    ['unknown', EXIT.done],
    ['degraded', EXIT.unwell],
    ['unhealthy', EXIT.unwell],
  ])('tells a script by its exit code that a service is %s', async (level, expected) => {
    const { code } = await type(['health', 'weather'], {
      [`GET ${V1}/services/weather/health`]: { body: { name: 'weather', level, checks: [] } },
    });
    expect(code).toBe(expected);
  });

  it('follows a log until the gateway ends it', async () => {
    const line = { at: '2026-01-02T03:04:05.678Z', source: 'stderr', message: 'hot\u001b[31m' };
    const { code, terminal } = await type(['logs', 'weather', '-f', '-n', '2'], {
      [`GET ${V1}/services/weather/logs?tail=2&follow=true`]: {
        body: `: hello\n\nevent: log\ndata: ${JSON.stringify(line)}\n\nevent: other\ndata: {}\n\n`,
      },
    });
    expect([code, terminal.stdout]).toEqual([
      EXIT.done,
      '2026-01-02 03:04:05  stderr     hot[31m\n',
    ]);
  });

  it('ends with an error when the tool reports one', async () => {
    const { code, terminal } = await type(['call', 'weather', 'now', '{"city":"Bern"}'], {
      [`POST ${V1}/services/weather/tools/now`]: {
        body: { is_error: true, content: [{ type: 'text', text: 'no such city' }] },
      },
    });
    expect([code, terminal.stdout]).toEqual([EXIT.refused, 'no such city\n']);
    expect(terminal.requests[0]?.body).toBe('{"city":"Bern"}');
  });

  it.each([[['call', 'weather', 'now', '[1]']], [['logs', 'weather', '-n', 'many']], [['nope']]])(
    'says what is wrong with %j, and asks nothing',
    async (line) => {
      const { code, terminal } = await type(line, {});
      expect([code, terminal.asked]).toEqual([EXIT.usage, []]);
      expect(terminal.stderr).not.toBe('');
    },
  );
});

describe('a command that writes', () => {
  it('sends the ETag of what it changes', async () => {
    const { code, terminal } = await type(['update', 'weather', '--set', '{"tags":["x"]}'], {
      [`GET ${V1}/services/weather`]: { body: SERVICE, headers: ETAG },
      [`PATCH ${V1}/services/weather`]: { body: { ...SERVICE, outcome: 'updated' } },
    });
    expect(code).toBe(EXIT.done);
    const patch = terminal.requests.at(-1);
    expect(patch?.headers.get('if-match')).toBe('"2.7"');
    expect(patch?.headers.get('content-type')).toBe('application/merge-patch+json');
    expect(patch?.body).toBe('{"tags":["x"]}');
  });

  it('replaces the specification by a file, breaking what callers rely on only when told to', async () => {
    const { code, terminal } = await type(
      ['update', 'weather', '-', '--allow-breaking', '--wait', '5'],
      {
        [`GET ${V1}/services/weather`]: { body: SERVICE, headers: ETAG },
        [`PUT ${V1}/services/weather?allow_breaking=true`]: { body: SERVICE },
      },
      '{"name":"weather"}',
    );
    expect(code).toBe(EXIT.done);
    expect(terminal.requests.at(-1)?.headers.get('prefer')).toBe('wait=5');
  });

  it('deletes, and deactivates dependents first when asked to', async () => {
    const { terminal } = await type(['delete', 'weather', '--cascade'], {
      [`GET ${V1}/services/weather`]: { body: SERVICE, headers: ETAG },
      [`DELETE ${V1}/services/weather?cascade=deactivate`]: { status: 204 },
    });
    expect(terminal.stdout).toBe('weather: deleted\n');
  });

  it('shows a refusal with what to do next, and as a document with --json', async () => {
    const problem = { title: 'Taken', status: 409, code: 'x.taken', action: 'Choose another.' };
    const answers = { [`POST ${V1}/services/weather/activate`]: { status: 409, body: problem } };
    const told = await type(['activate', 'weather'], answers);
    expect([told.code, told.terminal.stderr]).toEqual([
      EXIT.refused,
      'Taken (x.taken, 409)\nNext: Choose another.\n',
    ]);
    const asJson = await type(['--json', 'activate', 'weather'], answers);
    expect(JSON.parse(asJson.terminal.stdout)).toEqual(problem);
  });

  it('rolls back to the revision that served before, not to one that never did', async () => {
    const { terminal } = await type(['rollback', 'weather'], {
      [`GET ${V1}/services/weather/revisions`]: { body: REVISIONS },
      [`POST ${V1}/services/weather/rollback`]: { body: { ...SERVICE, outcome: 'updated' } },
    });
    expect(terminal.requests.at(-1)?.body).toBe('{"revision":1}');
  });

  it('compares the present revision with the one before', async () => {
    const { terminal } = await type(['diff', 'weather'], {
      [`GET ${V1}/services/weather/revisions`]: { body: REVISIONS },
      [`GET ${V1}/services/weather/revisions/diff?from=1&to=2`]: {
        body: { from: 1, to: 2, changes: [{ op: 'replace', path: '/a', from: 1, value: 2 }] },
      },
    });
    expect(terminal.stdout).toBe('revision 1 -> 2\n~  /a  1  -> 2\n');
  });

  it('makes a new revision of a template that there is, and creates one that there is not', async () => {
    const known = { [`GET ${V1}/templates`]: { body: { items: [{ template_id: 'team' }] } } };
    const saved = await type(
      ['template', 'save', '-'],
      {
        ...known,
        [`GET ${V1}/templates/team`]: { headers: ETAG },
        [`PUT ${V1}/templates/team`]: { body: {} },
      },
      '{"template_id":"team"}',
    );
    expect(saved.terminal.requests.at(-1)?.headers.get('if-match')).toBe('"2.7"');
    const created = await type(
      ['template', 'save', '-'],
      { ...known, [`POST ${V1}/templates`]: { status: 201, body: {} } },
      '{"template_id":"other"}',
    );
    expect(created.terminal.asked.at(-1)).toBe(`POST ${V1}/templates`);
  });
});

describe('a command that moves much', () => {
  const planned = { outcome: 'planned', plan_hash: 'h1', items: [] };

  it('imports exactly what it planned', async () => {
    const { code, terminal } = await type(
      ['import', '-', '--conflict', 'skip'],
      {
        [`POST ${V1}/import?dry_run=true&conflict=skip`]: { body: planned },
        [`POST ${V1}/import?plan_hash=h1&conflict=skip`]: { body: { items: [] } },
      },
      'services: []',
    );
    expect(code).toBe(EXIT.done);
    const types = terminal.requests.map(({ headers }) => headers.get('content-type'));
    expect(types).toEqual(['application/yaml', 'application/yaml']);
  });

  it('only plans an import with --plan', async () => {
    const { terminal } = await type(
      ['import', '-', '--plan'],
      { [`POST ${V1}/import?dry_run=true&conflict=fail`]: { body: planned } },
      '{"services":[]}',
    );
    expect(terminal.asked).toHaveLength(1);
  });

  it('restores nothing before somebody said --yes', async () => {
    const path = `POST ${V1}/backups/b-1/restore`;
    const answers = { [`${path}?dry_run=true`]: { body: planned }, [path]: { body: planned } };
    const asked = await type(['restore-backup', 'b-1'], answers);
    expect([asked.code, asked.terminal.asked]).toEqual([EXIT.usage, [`${path}?dry_run=true`]]);
    const plan = await type(['restore-backup', 'b-1', '--plan', '--yes'], answers);
    expect([plan.code, plan.terminal.asked]).toEqual([EXIT.done, [`${path}?dry_run=true`]]);
    const done = await type(['restore-backup', 'b-1', '--yes'], answers);
    expect([done.code, done.terminal.asked]).toEqual([EXIT.done, [path]]);
  });

  it('shows what people did, and with --all what the gateway did by itself', async () => {
    const { terminal } = await type(['audit'], {});
    expect(terminal.asked).toEqual([`GET ${V1}/audit?actor=%21system&limit=50`]);
    const all = await type(['audit', 'list', '--all', '-n', '5'], {});
    expect(all.terminal.asked).toEqual([`GET ${V1}/audit?limit=5`]);
  });

  it.each([
    [true, EXIT.done],
    [false, EXIT.unwell],
  ])('says by its exit code whether the audit trail is intact: %s', async (intact, expected) => {
    const { code } = await type(['audit', 'verify'], {
      [`GET ${V1}/audit/verify`]: { body: { intact } },
    });
    expect(code).toBe(expected);
  });
});

describe('the program', () => {
  it('runs the gateway when no command is given', async () => {
    const { code, terminal } = await type([], {});
    expect([code, terminal.served]).toEqual([EXIT.done, 1]);
  });

  it.each([[['--url', 'http://127.0.0.1:1']], [['--json']], [['--api-key', 'x', 'serve']]])(
    'runs no gateway for %j, where a command was forgotten',
    async (line) => {
      const { code, terminal } = await type(line, {});
      expect([code, terminal.served]).toEqual([EXIT.usage, 0]);
      expect(terminal.stderr).toContain('a command is missing');
    },
  );

  it('says what to do when the gateway cannot be reached', async () => {
    const terminal = new FakeTerminal();
    const away: Terminal = Object.assign(Object.create(terminal) as Terminal, {
      fetch: () => Promise.reject(new Error('refused')),
    });
    expect(await run(['list'], away)).toBe(EXIT.unreachable);
    expect(terminal.stderr).toContain('Start it with "switchyard serve"');
  });

  it('lists every command with a description', async () => {
    const { terminal } = await type(['--help'], {});
    const listed = [...terminal.stdout.matchAll(/^ {2}([a-z][a-z-]+)\b.*? {2,}(\S.*)$/gm)];
    const names = listed.map(([, name]) => name);
    const promised =
      'register list show tools call logs health update rollback diff activate deactivate delete restore template export import backup restore-backup audit doctor serve complete';
    expect(names).toEqual(expect.arrayContaining(promised.split(' ')));
  });
});

describe('a change that is only planned', () => {
  const plan = { outcome: 'planned', conflicts: [{ code: 'routes.taken', detail: 'taken.' }] };

  it.each([
    ['update', 'would update'],
    ['nothing', 'nothing would change'],
  ])('is named, with what it would do: %s', async (would, told) => {
    const { terminal } = await type(['update', 'weather', '--set', '{}', '--dry-run'], {
      [`GET ${V1}/services/weather`]: { body: SERVICE, headers: ETAG },
      [`PATCH ${V1}/services/weather?dry_run=true`]: { body: { ...plan, would } },
    });
    expect(terminal.stdout).toBe(`weather: ${told}\nConflict: taken. (routes.taken)\n`);
  });

  it('shows the template that would be saved, and who uses it', async () => {
    const template = { reference: 'team@2', title: 'Team', config: { runtime: { warm: 1 } } };
    const answer = { outcome: 'planned', would: 'update', template, affected: [{ name: 'a' }] };
    const given = JSON.stringify({ template_id: 'team', config: {} });
    const { terminal } = await type(
      ['template', 'save', '-', '--dry-run'],
      {
        [`GET ${V1}/templates`]: { body: { items: [{ template_id: 'team' }] } },
        [`GET ${V1}/templates/team`]: { body: {}, headers: ETAG },
        [`PUT ${V1}/templates/team?dry_run=true`]: { body: answer },
      },
      given,
    );
    expect(terminal.stdout).toContain('team@2 · would update');
    expect(terminal.stdout).toContain('"warm": 1');
    expect(terminal.stdout).toContain('Used by a;');
  });
});

describe('what an import or a restore came to', () => {
  const problem = { detail: 'It ended with exit code 1' };
  const services = [
    { name: 'a', outcome: 'serving', problem: null },
    { name: 'b', outcome: 'failed', problem },
  ];
  const commands: [string[], CannedAnswers][] = [
    [
      ['import', '-'],
      {
        [`POST ${V1}/import?dry_run=true&conflict=fail`]: { body: { plan_hash: 'h', items: [] } },
        [`POST ${V1}/import?plan_hash=h&conflict=fail`]: { body: { services, templates: [] } },
      },
    ],
    [
      ['restore-backup', 'x', '--yes'],
      { [`POST ${V1}/backups/x/restore`]: { body: { services, items: [] } } },
    ],
  ];

  it.each(commands)('%j tells it of each service, and by its exit code', async (line, answers) => {
    const { code, terminal } = await type(line, answers, '{}');
    expect(terminal.stdout).toMatch(/service +a +serving/);
    expect(terminal.stdout).toMatch(/service +b +failed +It ended with exit code 1/);
    expect(terminal.stderr).toContain('1 of the services do not serve: b.');
    expect(code).toBe(EXIT.unwell);
  });
});

describe('a key that cannot be sent', () => {
  it.each(['two\nlines', 'ümlaut', 'a b'])('is a wrong use, and is not said: %j', async (key) => {
    const { code, terminal } = await type(['--api-key', key, 'list'], {});
    expect(code).toBe(EXIT.usage);
    expect(terminal.stderr).toContain('SWITCHYARD_API_KEY');
    expect(terminal.stderr).not.toContain(key);
    expect(terminal.requests).toEqual([]);
  });
});

describe('a tool that there is none of', () => {
  it('is answered with the names that are like it', async () => {
    const { terminal } = await type(['call', 'weather', 'ecko'], {
      [`POST ${V1}/services/weather/tools/ecko`]: {
        status: 404,
        body: { title: 'Unknown', code: 'discovery.tool-unknown', similar: ['echo', 'id'] },
      },
    });
    expect(terminal.stderr).toContain('Similar: echo, id');
  });
});
