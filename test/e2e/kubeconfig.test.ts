import { chmodSync, mkdirSync, mkdtempSync, readFileSync, rmSync, writeFileSync } from 'node:fs';
import { createServer, type Server } from 'node:http';
import { type AddressInfo, connect } from 'node:net';
import { tmpdir } from 'node:os';
import { join } from 'node:path';
import { afterAll, beforeAll, describe, expect, test } from 'vitest';
import { openWriter } from '../../src/kube/cluster.ts';
import { contextFromText } from '../../src/kube/context-from-text.ts';
import { type KubeContext, openContext } from '../../src/kube/contexts.ts';
import { inClusterContext } from '../../src/kube/in-cluster.ts';
import { userOf } from '../../src/preflight/ask-access.ts';
import type { Endpoint } from '../cluster/api.ts';
import { contextOf, createNamespace, deleteJson, freshNamespace, pair } from '../cluster/client.ts';
import { readEndpoint } from '../cluster/kubeconfig.ts';
import { runKubectl } from '../cluster/kubectl.ts';
import { type FaultProxy, startFaultProxy } from '../helpers/fault-proxy.ts';
import { anything, refuse } from '../helpers/faults.ts';
import { runDr } from '../helpers/program.ts';
import { accountToken } from '../helpers/rights.ts';
import { CLUSTER } from '../helpers/stage.ts';

// Every case asks the server who we are, and where kubectl can be asked the same it must give the same answer.
let home: string;
let admin: Endpoint;
let namespace: string;
let token: string;
let account: string;
let proxy: FaultProxy;

beforeAll(async () => {
  home = mkdtempSync(join(tmpdir(), 'dr-syncer-kubeconfig-'));
  admin = readEndpoint(pair().kubeconfig, contextOf('source'));
  namespace = freshNamespace('kubeconfig');
  await createNamespace('source', namespace);
  token = await accountToken('source', namespace, []);
  account = `system:serviceaccount:${namespace}:operator`;
  proxy = await startFaultProxy({ kubeconfig: pair().kubeconfig, context: contextOf('source') });
});
afterAll(async () => {
  await proxy?.stop();
  await deleteJson('source', 'Namespace', namespace);
  rmSync(home, { recursive: true, force: true });
});

const base64 = (text = ''): string => Buffer.from(text).toString('base64');

interface Entry {
  readonly cluster?: object;
  readonly user?: object;
  readonly folder?: string;
}

/** Writes a kubeconfig with one context `main` into a folder of its own and returns its path. */
const write = ({ cluster, user, folder = mkdtempSync(join(home, 'case-')) }: Entry): string => {
  const file = join(folder, 'config');
  mkdirSync(folder, { recursive: true });
  const config = {
    apiVersion: 'v1',
    kind: 'Config',
    clusters: [
      {
        name: 'main',
        cluster: cluster ?? { server: admin.server, 'certificate-authority-data': base64(admin.ca) },
      },
    ],
    users: [{ name: 'main', user: user ?? { token } }],
    contexts: [{ name: 'main', context: { cluster: 'main', user: 'main' } }],
    'current-context': 'main',
  };
  writeFileSync(file, JSON.stringify(config), { mode: 0o600 });
  return file;
};

/** Who we are to the server. `requests` asks that many times over one opened cluster. */
const whoWeAre = (
  source: { path?: string; env?: Record<string, string> },
  requests = 1,
): Promise<string | undefined> =>
  whoAs(openContext({ env: {}, ...source }, undefined, '--source-context'), requests);

const whoAs = async (context: KubeContext, requests = 1): Promise<string | undefined> => {
  const cluster = openWriter(context, CLUSTER);
  const { signal } = new AbortController();
  try {
    let name: string | undefined;
    for (let count = 0; count < requests; count++) name = await userOf({ cluster } as never, signal);
    return name;
  } finally {
    await cluster.close();
  }
};

const whoKubectlIs = async (kubeconfig: string): Promise<string> => {
  const run = await runKubectl(pair().kubectl, kubeconfig, 'main', ['auth', 'whoami', '-o', 'json']);
  expect(run.stderr).toBe('');
  return JSON.parse(run.stdout).status.userInfo.username;
};

const ADMIN = 'kubernetes-admin';
const certificate = (): object => ({
  'client-certificate-data': base64(admin.cert),
  'client-key-data': base64(admin.key),
});

describe('credentials', () => {
  test.skipIf(!pair().isLocal)('a client certificate in the file', async () => {
    const file = write({ user: certificate() });
    expect(await whoWeAre({ path: file })).toBe(ADMIN);
    expect(await whoKubectlIs(file)).toBe(ADMIN);
  });

  test.skipIf(!pair().isLocal)(
    'certificates in files beside the kubeconfig; data counts more than a file',
    async () => {
      const folder = mkdtempSync(join(home, 'beside-'));
      writeFileSync(join(folder, 'ca.crt'), admin.ca ?? '');
      writeFileSync(join(folder, 'me.crt'), admin.cert ?? '');
      writeFileSync(join(folder, 'me.key'), admin.key ?? '', { mode: 0o600 });
      const file = write({
        folder,
        cluster: { server: admin.server, 'certificate-authority': 'ca.crt' },
        user: { 'client-certificate': 'me.crt', 'client-key': './me.key' },
      });
      expect(await whoWeAre({ path: file })).toBe(ADMIN);
      expect(await whoKubectlIs(file)).toBe(ADMIN);
      const both = write({
        user: { ...certificate(), 'client-certificate': 'absent.crt', 'client-key': 'absent.key' },
      });
      expect(await whoWeAre({ path: both })).toBe(ADMIN);
    },
  );

  test('a token, and a token file that counts more than it', async () => {
    expect(await whoWeAre({ path: write({}) })).toBe(account);
    const folder = mkdtempSync(join(home, 'token-'));
    writeFileSync(join(folder, 'token'), `${token}\n`, { mode: 0o600 });
    const file = write({ folder, user: { token: 'of-no-use', tokenFile: 'token' } });
    expect(await whoWeAre({ path: file })).toBe(account);
    expect(await whoKubectlIs(file)).toBe(account);
    const gone = write({ user: { tokenFile: 'absent' } });
    await expect(whoWeAre({ path: gone })).rejects.toThrow(/token file .* cannot be read/);
  });

  test('F8: a token file that is written anew is read again when the server refuses the old token', async () => {
    const folder = mkdtempSync(join(home, 'rotated-'));
    const tokenFile = join(folder, 'token');
    writeFileSync(tokenFile, 'an-old-token');
    const file = proxy.writeKubeconfig('main', { user: { tokenFile } });
    proxy.clear();
    proxy.inject({
      match: ({ headers }) => headers.authorization === 'Bearer an-old-token',
      action: (exchange) => {
        writeFileSync(tokenFile, token);
        return refuse(401, 'Unauthorized', 'Unauthorized')(exchange);
      },
    });
    expect(await whoWeAre({ path: file })).toBe(account);
    expect(proxy.log().map(({ status }) => status)).toEqual([401, 201]);
  });

  test('somebody else to act as, with groups', async () => {
    const file = write({
      user: { ...certificate(), as: 'visitor', 'as-groups': ['guests', 'readers'], 'as-uid': '42' },
    });
    expect(await whoWeAre({ path: file })).toBe('visitor');
    expect(await whoKubectlIs(file)).toBe('visitor');
    const context = openContext({ path: file, env: {} }, undefined, '');
    expect(context.headers).toEqual({ 'impersonate-group': ['guests', 'readers'], 'impersonate-uid': '42' });
  });

  test('the kubeconfig that other programs are given holds this context and works with kubectl', async () => {
    const folder = mkdtempSync(join(home, 'export-'));
    writeFileSync(join(folder, 'token'), `${token}\n`, { mode: 0o600 });
    const config = JSON.parse(readFileSync(write({ folder, user: { tokenFile: 'token' } }), 'utf8'));
    config.users.push({ name: 'other', user: { token: 'of-somebody-else' } });
    const file = join(folder, 'all');
    writeFileSync(file, JSON.stringify(config));
    const text = openContext({ path: file, env: {} }, 'main', '').export();
    expect(text).not.toContain('of-somebody-else');
    const exported = join(mkdtempSync(join(home, 'elsewhere-')), 'one');
    writeFileSync(exported, text);
    expect(await whoKubectlIs(exported)).toBe(account);
  });
});

describe('no kubeconfig of ours', () => {
  test('but the text of one: it is read again when its token is refused, and works with kubectl', async () => {
    const texts = ['an-old-token', token].map((now) => readFileSync(write({ user: { token: now } }), 'utf8'));
    let reads = 0;
    const context = contextFromText({
      read: () => texts[Math.min(reads++, 2) >> 1] ?? '',
      what: 'Secret ops/prod-kubeconfig',
      alias: 'prod',
      policy: { allowExec: false, allowInsecureTls: false, allowLoopback: true },
      env: {},
    });
    expect(await whoAs(context)).toBe(account);
    expect(reads).toBe(3);
    const exported = join(mkdtempSync(join(home, 'text-')), 'one');
    writeFileSync(exported, context.export());
    const run = await runKubectl(pair().kubectl, exported, 'prod', ['auth', 'whoami', '-o', 'json']);
    expect(JSON.parse(run.stdout).status.userInfo.username).toBe(account);
  });

  test('but the ServiceAccount of a pod', async () => {
    const folder = mkdtempSync(join(home, 'account-'));
    writeFileSync(join(folder, 'token'), `${token}\n`);
    writeFileSync(join(folder, 'ca.crt'), admin.ca ?? '');
    const { hostname, port } = new URL(admin.server);
    const env = { KUBERNETES_SERVICE_HOST: hostname, KUBERNETES_SERVICE_PORT: port };
    expect(await whoAs(inClusterContext('hub', env, folder))).toBe(account);
  });
});

describe('a credential plugin', () => {
  /** A plugin beside the kubeconfig that counts its runs and says what it was told. */
  const plugin = (folder: string, script: string): void => {
    const file = join(folder, 'plugin');
    writeFileSync(
      file,
      `#!/bin/sh\necho run >> ${folder}/runs\nprintf %s "$KUBERNETES_EXEC_INFO" > ${folder}/info\n${script}\n`,
    );
    chmodSync(file, 0o755);
  };
  const credential = (value: string): string =>
    `printf '{"apiVersion":"client.authentication.k8s.io/v1","kind":"ExecCredential","status":{"token":"%s"}}' ${value}`;
  const exec = (more: object = {}): object => ({
    exec: {
      apiVersion: 'client.authentication.k8s.io/v1',
      command: './plugin',
      interactiveMode: 'Never',
      ...more,
    },
  });
  const runsOf = (folder: string): number =>
    readFileSync(join(folder, 'runs'), 'utf8').trim().split('\n').length;

  test('is run once for many requests, from the folder of the kubeconfig, and told about itself', async () => {
    const folder = mkdtempSync(join(home, 'exec-'));
    plugin(folder, credential('"$GIVEN_TOKEN"'));
    const file = write({ folder, user: exec({ env: [{ name: 'GIVEN_TOKEN', value: token }] }) });
    expect(await whoWeAre({ path: file }, 3)).toBe(account);
    expect(runsOf(folder)).toBe(1);
    expect(JSON.parse(readFileSync(join(folder, 'info'), 'utf8'))).toEqual({
      apiVersion: 'client.authentication.k8s.io/v1',
      kind: 'ExecCredential',
      spec: { interactive: false },
    });
    expect(await whoKubectlIs(file)).toBe(account);
  });

  test('hears of the cluster when it asks for it, as kubectl tells it', async () => {
    const folder = mkdtempSync(join(home, 'exec-'));
    plugin(folder, credential(token));
    const file = write({ folder, user: exec({ provideClusterInfo: true }) });
    const told = (): unknown => JSON.parse(readFileSync(join(folder, 'info'), 'utf8')).spec.cluster;
    await whoWeAre({ path: file });
    const ours = told();
    await whoKubectlIs(file);
    const { config: _config, ...kubectls } = told() as { config?: unknown };
    expect(ours).toEqual(kubectls);
  });

  test('F8: is run again when the server refuses its token, once for requests that are refused together', async () => {
    const folder = mkdtempSync(join(home, 'exec-'));
    plugin(folder, credential(token));
    const file = proxy.writeKubeconfig('main', { user: exec({ command: join(folder, 'plugin') }) });
    proxy.clear();
    proxy.inject({ match: anything, times: 1, action: refuse(401, 'Unauthorized', 'Unauthorized') });
    expect(await whoWeAre({ path: file }, 2)).toBe(account);
    expect(runsOf(folder)).toBe(2);
    expect(proxy.log().map(({ status }) => status)).toEqual([401, 201, 201]);
  });

  test('F8: that always gives a refused token ends the run with what to do', async () => {
    const folder = mkdtempSync(join(home, 'exec-'));
    plugin(folder, credential('of-no-use'));
    const file = write({ folder, user: exec() });
    const run = await runDr(['plan', '--source-kubeconfig', file, '--dest-context', 'main', '-n', namespace]);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toContain('401 Unauthorized');
    expect(run.stderr).toContain(`kubectl --kubeconfig ${file} --context main auth whoami`);
    expect(run.stderr).not.toContain('of-no-use');
  });

  test.each([
    ['fails', 'echo "please log in first" >&2; exit 1', /please log in first/],
    ['says nothing that can be read', 'echo token-of-mine', /could not be used/],
  ])('that %s is named, and its output is not shown', async (_what, script, sentence) => {
    const folder = mkdtempSync(join(home, 'exec-'));
    plugin(folder, script);
    const file = write({ folder, user: exec() });
    const run = await runDr(['plan', '--source-kubeconfig', file, '--dest-context', 'main', '-n', namespace]);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).not.toContain('token-of-mine');
  });

  test('that is not installed is named, with the command that would need it as well', async () => {
    const file = write({ user: exec({ command: 'aws-notthere' }) });
    const run = await runDr(['plan', '--source-kubeconfig', file, '--dest-context', 'main', '-n', namespace]);
    expect(run.exitCode).toBe(3);
    expect(run.stderr).toMatch(/credential plugin "aws-notthere" of the kubeconfig's user is not installed/);
    expect(run.stderr).toMatch(/kubectl .*auth whoami/);
    expect(run.stderr).not.toMatch(/ENOENT|server answers/);
  });
});

describe('the connection', () => {
  const ca = (): object => ({ 'certificate-authority-data': base64(admin.ca) });

  test.skipIf(!pair().isLocal)(
    'tls-server-name is the name that the certificate is checked for',
    async () => {
      const named = (name: string): string =>
        write({ cluster: { server: admin.server, ...ca(), 'tls-server-name': name } });
      expect(await whoWeAre({ path: named('kubernetes.default.svc') })).toBe(account);
      expect(await whoKubectlIs(named('kubernetes.default.svc'))).toBe(account);
      await expect(whoWeAre({ path: named('other.example.com') })).rejects.toThrow(/other\.example\.com/);
    },
  );

  test('insecure-skip-tls-verify takes any certificate, and without it an unknown one is refused', async () => {
    const insecure = write({ cluster: { server: admin.server, 'insecure-skip-tls-verify': true } });
    expect(await whoWeAre({ path: insecure })).toBe(account);
    expect(await whoKubectlIs(insecure)).toBe(account);
    await expect(whoWeAre({ path: write({ cluster: { server: admin.server } }) })).rejects.toThrow(
      /certificate/,
    );
  });

  test('proxy-url leads through a proxy; the environment does not for an address of this machine', async () => {
    const seen: string[] = [];
    const tunnel = await startTunnel(seen);
    try {
      const file = write({ cluster: { server: admin.server, ...ca(), 'proxy-url': tunnel.url } });
      expect(await whoWeAre({ path: file })).toBe(account);
      expect(seen).toEqual([new URL(admin.server).host]);
      seen.length = 0;
      expect(await whoWeAre({ path: write({}), env: { HTTPS_PROXY: tunnel.url } })).toBe(account);
      expect(seen).toEqual([]);
    } finally {
      tunnel.server.close();
      tunnel.server.closeAllConnections();
    }
  });
});

describe('the files', () => {
  test('$KUBECONFIG is a list: the first entry of a name wins, and files that are missing are passed over', async () => {
    const [first, second] = [mkdtempSync(join(home, 'first-')), mkdtempSync(join(home, 'second-'))];
    writeFileSync(join(second, 'ca.crt'), admin.ca ?? '');
    writeFileSync(
      join(first, 'config'),
      JSON.stringify({ users: [{ name: 'main', user: { token } }], clusters: null, contexts: [] }),
    );
    write({
      folder: second,
      cluster: { server: admin.server, 'certificate-authority': 'ca.crt' },
      user: { token: 'of-no-use' },
    });
    const list = [join(home, 'absent'), join(first, 'config'), join(second, 'config')].join(':');
    expect(await whoWeAre({ env: { KUBECONFIG: list } })).toBe(account);
    expect(await whoKubectlIs(list)).toBe(account);
  });

  test('without $KUBECONFIG it is ~/.kube/config', async () => {
    const folder = join(home, 'person', '.kube');
    write({ folder });
    expect(await whoWeAre({ env: { HOME: join(home, 'person') } })).toBe(account);
  });

  test('entries of other contexts may be broken', async () => {
    const file = write({});
    const config = JSON.parse(readFileSync(file, 'utf8'));
    config.clusters.unshift({ name: 'empty', cluster: null }, { name: 'half' });
    config.users.push({ name: 'none', user: null });
    config.contexts.push({ name: 'broken', context: { cluster: 'half', user: 'none' } });
    writeFileSync(file, JSON.stringify(config));
    expect(await whoWeAre({ path: file })).toBe(account);
    expect(await whoKubectlIs(file)).toBe(account);
  });

  test.each<[string, (config: Config) => void, string[], RegExp]>([
    [
      'an unknown context',
      () => {},
      ['--source-context', 'mian'],
      /no context "mian" in .*did you mean "main"\?\n {2}Contexts: main\n/,
    ],
    [
      'no context at all',
      (config) => {
        config['current-context'] = '';
      },
      [],
      /no current-context\.\n {2}Name one with --source-context\. Contexts: main\n/,
    ],
    [
      'a context without its cluster',
      (config) => {
        config.clusters = [];
      },
      [],
      /Context "main" names cluster "main", which has no server/,
    ],
    [
      'a context without its user',
      (config) => {
        config.users = [];
      },
      [],
      /Context "main" names user "main", which is not in/,
    ],
  ])('%s is a usage error', async (_what, change, args, sentence) => {
    const file = write({});
    const config = JSON.parse(readFileSync(file, 'utf8'));
    change(config);
    writeFileSync(file, JSON.stringify(config));
    const run = await runDr([
      'status',
      '--source-kubeconfig',
      file,
      '--dest-kubeconfig',
      pair().kubeconfig,
      '--dest-context',
      contextOf('dest'),
      '-n',
      namespace,
      ...args,
    ]);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(sentence);
  });

  test.each([
    ['a file that is not there', 'absent', /There is no kubeconfig at .*absent/],
    ['a file that is no YAML', 'broken', /The kubeconfig .*broken cannot be read/],
  ])('%s is a usage error that shows nothing of it', async (_what, name, sentence) => {
    const file = join(home, name);
    if (name === 'broken') writeFileSync(file, 'users:\n- token: my-secret-token\n  : ]\n my-secret-token');
    const run = await runDr(['stage', '--source-kubeconfig', file, '--dest-context', 'main', '-n', 'shop']);
    expect(run.exitCode).toBe(2);
    expect(run.stderr).toMatch(sentence);
    expect(run.stderr).not.toContain('my-secret');
  });
});

// biome-ignore lint/suspicious/noExplicitAny: a kubeconfig under change
type Config = any;

async function startTunnel(seen: string[]): Promise<{ server: Server; url: string }> {
  const server = createServer();
  server.on('connect', (request, client) => {
    seen.push(request.url ?? '');
    const { hostname, port } = new URL(`https://${request.url}`);
    const upstream = connect(Number(port), hostname, () => {
      client.write('HTTP/1.1 200 Connection established\r\n\r\n');
      upstream.pipe(client).pipe(upstream);
    });
    for (const socket of [client, upstream]) socket.on('error', () => undefined);
  });
  await new Promise<void>((ready) => server.listen(0, '127.0.0.1', ready));
  return { server, url: `http://127.0.0.1:${(server.address() as AddressInfo).port}` };
}
