import { afterAll, beforeAll, expect, test, vi } from 'vitest';
import { parseAllDocuments } from 'yaml';
import {
  api,
  applyObject,
  contextOf,
  createNamespace,
  deleteJson,
  freshNamespace,
  getJson,
  type Json,
  patchJson,
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { askedBy, isAudited } from '../helpers/audit.ts';
import { openMover } from '../helpers/data-app.ts';
import { makeRelease, partsOf } from '../helpers/left-release.ts';
import { type ProgramRun, runDr } from '../helpers/program.ts';
import { installShop, removeShop, type Shop } from '../helpers/shop.ts';
import { asAccount } from '../helpers/stage.ts';

// Each test is a whole move and several preflights.
vi.setConfig({ testTimeout: 180_000 });

// One application goes there and back and is failed over by somebody who has the printed Roles and nothing else.
const SIDES = ['source', 'dest'] as const;
const WIDGETS = '--include-custom-resources';
const RELEASE = 'pv-migrate-dr-files-0123456789a-loadbalancer-x';
const CONFIG = 'web-config';
const CHANGED = { 'nginx.conf': 'server { listen 8081; }' };

let shop: Shop;
let home: string;
let kubeconfig: Record<Side, string>;
/** Those of somebody who may read everything and write nothing. */
let readers: Record<Side, string>;
let closeAccounts: () => void;
let accounts: Promise<unknown>;
const granted: [Side, Json][] = [];

beforeAll(async () => {
  shop = await installShop(freshNamespace('rights'));
  home = freshNamespace('operator');
  for (const side of SIDES) {
    await createNamespace(side, home);
    for (const name of ['operator', 'reader'])
      await applyObject(side, { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name } }, home);
    await letRead(side);
  }
  await createNamespace('dest', shop.namespace);
  await new Promise<void>((ready) => {
    accounts = asBoth('reader', (readOnly) =>
      asBoth('operator', (own) => {
        readers = readOnly;
        kubeconfig = own;
        ready();
        return new Promise<void>((close) => {
          closeAccounts = close;
        });
      }),
    );
  });
});

afterAll(async () => {
  closeAccounts?.();
  await accounts;
  await revoke();
  await removeShop(shop);
  for (const side of SIDES) {
    await deleteJson(side, 'Namespace', home);
    for (const kind of ['ClusterRoleBinding', 'ClusterRole']) await deleteJson(side, kind, `reads-${home}`);
  }
});

test('F9: stage and cutover need the Roles that the preflight of a cutover prints, and nothing more', async () => {
  await grantWhatIsPrinted('cutover', SIDES, [WIDGETS]);
  const staged = await dr('stage', [WIDGETS]);
  expect(staged.document).toMatchObject({ outcome: 'ok' });
  const printed = await printedFor('cutover', [WIDGETS]);
  const failing = ['--smoke-command', 'false', '--smoke-attempts', '1', '--rollback-on-failure'];
  const undone = await dr('cutover', [WIDGETS, '--jobs', 'suspend', '--yes', ...failing], 5);
  expect(undone.document).toMatchObject({ outcome: 'rolledBack' });
  expect(await replicas()).toEqual({ source: [3, 2, 2], dest: [0, 0, 0] });
  const moved = await dr('cutover', [WIDGETS, '--jobs', 'suspend', '--yes']);
  expect(moved.document).toMatchObject({ outcome: 'ok', preflight: { missingRights: [] } });
  expect(unknowns(moved.document.preflight)).toEqual([]);
  expect(await replicas()).toEqual({ source: [0, 0, 0], dest: [3, 2, 2] });
  expect((await dr('status')).document).toMatchObject({ outcome: 'ok', live: 'dest', problems: [] });
  expectUsed('cutover', printed);
});

test('F9: failback needs the Roles that its own preflight prints, to bring configuration home too', async () => {
  await revoke();
  await patchJson('dest', 'ConfigMap', CONFIG, shop.namespace, { data: CHANGED });
  await grantWhatIsPrinted('failback', SIDES, ['--sync-config']);
  const printed = await printedFor('failback', ['--sync-config']);
  const moved = await dr('failback', [WIDGETS, '--sync-config', '--jobs', 'suspend', '--yes']);
  expect(moved.document).toMatchObject({ outcome: 'ok', preflight: { missingRights: [] } });
  expect((await getJson('source', 'ConfigMap', CONFIG, shop.namespace)).data).toEqual(CHANGED);
  expect(await replicas()).toEqual({ source: [3, 2, 2], dest: [0, 0, 0] });
  expect((await dr('history')).document.entries).toHaveLength(3);
  expectUsed('failback', printed);
});

test('F9, D62: failover needs the Roles that its own preflight prints, at the destination alone, also to remove what a copy left', async () => {
  await revoke();
  await grantWhatIsPrinted('failover', ['dest']);
  await makeRelease('dest', shop.namespace, RELEASE);
  const moved = await dr('failover', ['--accept-data-loss', '--source-given-up', '--yes']);
  expect(moved.document).toMatchObject({ outcome: 'ok', preflight: { missingRights: [] } });
  expect((await replicas()).dest).toEqual([3, 2, 2]);
  expect(moved.stderr).not.toMatch(/Permissions to list and delete/);
  expect(await partsOf('dest', shop.namespace, RELEASE)).toEqual([]);
});

test('F9, D62: a source that came back is fenced with the Roles of a cutover with data, also where copies left something', async () => {
  await revoke();
  await grantWhatIsPrinted('cutover', SIDES, [WIDGETS, '--migrate-pvc-data'], openMover().env);
  for (const side of SIDES) await makeRelease(side, shop.namespace, RELEASE);
  const fenced = await dr('fence', ['--jobs', 'suspend', '--yes']);
  expect(fenced.document).toMatchObject({ outcome: 'ok' });
  expect((await replicas()).source).toEqual([0, 0, 0]);
  expect((await dr('status')).document).toMatchObject({ outcome: 'ok', live: 'dest', problems: [] });
  expect(fenced.stderr).not.toMatch(/Permissions to list and delete/);
  for (const side of SIDES) expect(await partsOf(side, shop.namespace, RELEASE), side).toEqual([]);
});

/**
 * Asks for the Roles as somebody without rights, and gives them to him. Who may not see the Roles of the application
 * cannot be told by name what writing them takes, so that a second answer may ask for more than the first one.
 */
async function grantWhatIsPrinted(
  kind: string,
  sides: readonly Side[],
  args: readonly string[] = [],
  env: Readonly<Record<string, string>> = {},
): Promise<void> {
  const flags = [kind, ...args, '--jobs', 'suspend'];
  const first = await dr('preflight', flags, 3, env);
  expect(Object.keys(first.document.roleYaml).sort()).toEqual([...sides].sort());
  await grant(first.document.roleYaml);
  // The authorizer of the server sees new Roles after a moment.
  let lacks: Json = {};
  for (let attempt = 0; attempt < 8; attempt++) {
    const { document } = await dr('preflight', flags, 'any', env);
    // Before the first stage no pod can be tried, as its ServiceAccount is not there yet.
    const unknown = unknowns(document).filter(
      (message) => !/serviceaccount "api" not found|its Role/.test(message),
    );
    lacks = { missing: document.missingRights, unknown };
    if (lacks.missing.length + lacks.unknown.length === 0) return;
    await grant(document.roleYaml);
  }
  expect(lacks).toEqual({ missing: [], unknown: [] });
}

async function grant(roleYaml: Partial<Record<Side, string>>): Promise<void> {
  for (const side of SIDES) {
    for (const document of parseAllDocuments(roleYaml[side] ?? '')) {
      const role = document.toJS();
      granted.push([side, role]);
      await applyObject(side, role);
    }
  }
}

// Printed rights that this application on a good day has no use for, and what they are for.
const RARE: readonly RegExp[] = [
  // Somebody else changed the object between the look and the patch.
  / get (?!configmaps|leases|namespaces)\S+$/,
  // Journals beyond those that are kept are removed.
  / delete configmaps$/,
  // The server asks for these by itself when a Role or a binding is written: no request names them.
  / (bind|escalate) (cluster)?roles\.rbac\.authorization\.k8s\.io \S+$/,
  // A DNS record that a stage with --hold-load-balancers has held back is released.
  / patch (gateways|httproutes|routes|virtualservices)\./,
  // Looked at where the application names such a thing.
  / list (clusterrole(binding)?s|(device|priority|runtime|storage|volumeattributes)classes|persistentvolumes)\b/,
];

/** L4: every right that is printed for somebody who may look at everything is used by the move, or is a rare one. */
function expectUsed(kind: string, roles: readonly (readonly [Side, Json])[]): void {
  if (!isAudited()) return;
  const user = `system:serviceaccount:${home}:operator`;
  const asked = { source: askedBy('source', user), dest: askedBy('dest', user) };
  expect(asked.source.length, 'requests in the audit log').toBeGreaterThan(50);
  const rights = roles.flatMap(([side, { kind: type, metadata, rules = [] }]) =>
    type.endsWith('Binding')
      ? []
      : rules.flatMap(({ resources, verbs, apiGroups, resourceNames = [] }: Json) =>
          resources.flatMap((resource: string) =>
            verbs.map((verb: string) => ({
              ...{ side, verb, resource, group: apiGroups[0], names: resourceNames },
              namespace: type === 'Role' ? metadata.namespace : '',
            })),
          ),
        ),
  );
  const left = rights.filter(
    (right) =>
      !asked[right.side as Side].some(
        (event) =>
          event.status < 400 &&
          // What an apply creates takes the right to create as well.
          (event.verb === right.verb ||
            (right.verb === 'create' && event.verb === 'patch' && event.status === 201)) &&
          event.resource === right.resource &&
          event.group === right.group &&
          (right.namespace === '' || event.namespace === right.namespace || event.name === right.namespace) &&
          (right.names.length === 0 || right.names.includes(event.name)),
      ),
  );
  const texts = left.map(
    ({ side, verb, resource, group, names }) =>
      `${kind} ${side} ${verb} ${[resource, group].filter(Boolean).join('.')}${names.map((name: string) => ` ${name}`).join('')}`,
  );
  expect([...new Set(texts)].filter((text) => !RARE.some((pattern) => pattern.test(text))).sort()).toEqual(
    [],
  );
}

/** The Roles that a preflight prints for somebody who may look at everything. */
async function printedFor(kind: string, args: readonly string[] = []): Promise<[Side, Json][]> {
  const own = kubeconfig;
  kubeconfig = readers;
  const { document } = await dr('preflight', [kind, ...args, '--jobs', 'suspend'], 3).finally(() => {
    kubeconfig = own;
  });
  return SIDES.flatMap((side) =>
    parseAllDocuments(document.roleYaml[side] ?? '').map((role): [Side, Json] => [side, role.toJS()]),
  );
}

async function letRead(side: Side): Promise<void> {
  const group = 'rbac.authorization.k8s.io';
  const about = { apiVersion: `${group}/v1`, metadata: { name: `reads-${home}` } };
  const rules = [{ apiGroups: ['*'], resources: ['*'], verbs: ['get', 'list', 'watch'] }];
  await applyObject(side, { ...about, kind: 'ClusterRole', rules });
  await applyObject(side, {
    ...about,
    kind: 'ClusterRoleBinding',
    roleRef: { apiGroup: group, kind: 'ClusterRole', name: `reads-${home}` },
    subjects: [{ kind: 'ServiceAccount', name: 'reader', namespace: home }],
  });
}

const asBoth = <T>(name: string, body: (kubeconfig: Record<Side, string>) => Promise<T>): Promise<T> =>
  asAccount('source', home, name, (source) =>
    asAccount('dest', home, name, (dest) => body({ source, dest })),
  );

async function revoke(): Promise<void> {
  for (const [side, { kind, metadata }] of granted.splice(0).reverse()) {
    await deleteJson(side, kind, metadata.name, metadata.namespace);
  }
  for (const side of SIDES) await waitUntil(`no rights at the ${side}`, () => mayNothing(side));
}

async function mayNothing(side: Side): Promise<boolean> {
  const { body } = await api(side)('POST', '/apis/authorization.k8s.io/v1/subjectaccessreviews', {
    body: {
      apiVersion: 'authorization.k8s.io/v1',
      kind: 'SubjectAccessReview',
      spec: {
        user: `system:serviceaccount:${home}:operator`,
        resourceAttributes: { verb: 'list', resource: 'configmaps', namespace: shop.namespace },
      },
    },
  });
  return body.status.allowed === false;
}

const unknowns = ({ checks }: Json): string[] =>
  checks.filter(({ level }: Json) => level === 'unknown').map(({ message }: Json) => message);

async function replicas(): Promise<Record<Side, number[]>> {
  const on = (side: Side): Promise<number[]> =>
    Promise.all(
      [
        ['Deployment', 'web'],
        ['Deployment', 'api'],
        ['StatefulSet', 'db'],
      ].map(
        async ([kind = '', name = '']) => (await getJson(side, kind, name, shop.namespace)).spec.replicas,
      ),
    );
  return { source: await on('source'), dest: await on('dest') };
}

async function dr(
  command: string,
  args: readonly string[] = [],
  code: number | 'any' = 0,
  env: Readonly<Record<string, string>> = {},
): Promise<ProgramRun & { document: Json }> {
  const run = await runDr(
    [
      command,
      ...args,
      ...SIDES.flatMap((side) => [
        `--${side}-kubeconfig`,
        kubeconfig[side],
        `--${side}-context`,
        contextOf(side),
      ]),
      '--namespace',
      shop.namespace,
      '--output',
      'json',
    ],
    { env },
  );
  if (code !== 'any') expect(run.exitCode, `${run.stdout}\n${run.stderr}`).toBe(code);
  return { ...run, document: JSON.parse(run.stdout) };
}
