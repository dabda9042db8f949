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
  type Side,
  waitUntil,
} from '../cluster/client.ts';
import { askedBy, isAudited } from '../helpers/audit.ts';
import { type ProgramRun, runDr } from '../helpers/program.ts';
import { installShop, removeShop, type Shop } from '../helpers/shop.ts';
import { asAccount } from '../helpers/stage.ts';

// Each test is a whole move and several preflights.
vi.setConfig({ testTimeout: 180_000 });

// One application goes there and back and is failed over by somebody who has the printed Roles and nothing else.
const SIDES = ['source', 'dest'] as const;
const WIDGETS = '--include-custom-resources';

let shop: Shop;
let home: string;
let kubeconfig: Record<Side, string>;
let closeAccounts: () => void;
let accounts: Promise<unknown>;
const granted: [Side, Json][] = [];

beforeAll(async () => {
  shop = await installShop(freshNamespace('rights'));
  home = freshNamespace('operator');
  for (const side of SIDES) {
    await createNamespace(side, home);
    const account = { apiVersion: 'v1', kind: 'ServiceAccount', metadata: { name: 'operator' } };
    await applyObject(side, account, home);
  }
  await createNamespace('dest', shop.namespace);
  await new Promise<void>((ready) => {
    accounts = asAccount('source', home, 'operator', (source) =>
      asAccount('dest', home, 'operator', (dest) => {
        kubeconfig = { source, dest };
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
  for (const side of SIDES) await deleteJson(side, 'Namespace', home);
});

test('F9: stage and cutover need the Roles that the preflight of a cutover prints, and nothing more', async () => {
  await grantWhatIsPrinted('cutover', SIDES, [WIDGETS]);
  const staged = await dr('stage', [WIDGETS]);
  expect(staged.document).toMatchObject({ outcome: 'ok' });
  const failing = ['--smoke-command', 'false', '--smoke-attempts', '1', '--rollback-on-failure'];
  const undone = await dr('cutover', [WIDGETS, '--jobs', 'suspend', '--yes', ...failing], 5);
  expect(undone.document).toMatchObject({ outcome: 'rolledBack' });
  expect(await replicas()).toEqual({ source: [3, 2, 2], dest: [0, 0, 0] });
  const moved = await dr('cutover', [WIDGETS, '--jobs', 'suspend', '--yes']);
  expect(moved.document).toMatchObject({ outcome: 'ok', preflight: { missingRights: [] } });
  expect(unknowns(moved.document.preflight)).toEqual([]);
  expect(await replicas()).toEqual({ source: [0, 0, 0], dest: [3, 2, 2] });
  expect((await dr('status')).document).toMatchObject({ outcome: 'ok', live: 'dest', problems: [] });
});

test('L4: what is printed for a cutover is used by it, or by what a cutover may come to', (context) => {
  if (!isAudited()) context.skip('the clusters of this run write no audit logs here');
  expect(refusedWrites()).toEqual([]);
  expect(unused('cutover')).toEqual([]);
});

test('F9: failback needs the Roles that its own preflight prints', async () => {
  await revoke();
  await grantWhatIsPrinted('failback', SIDES);
  const moved = await dr('failback', [WIDGETS, '--jobs', 'suspend', '--yes']);
  expect(moved.document).toMatchObject({ outcome: 'ok', preflight: { missingRights: [] } });
  expect(await replicas()).toEqual({ source: [3, 2, 2], dest: [0, 0, 0] });
  expect((await dr('history')).document.entries).toHaveLength(3);
});

test('L4: what is printed for a failback is used by it, or by what a failback may come to', (context) => {
  if (!isAudited()) context.skip('the clusters of this run write no audit logs here');
  expect(unused('failback')).toEqual([]);
});

test('F9: failover needs the Roles that its own preflight prints, at the destination alone', async () => {
  await revoke();
  await grantWhatIsPrinted('failover', ['dest']);
  const moved = await dr('failover', ['--accept-data-loss', '--source-given-up', '--yes']);
  expect(moved.document).toMatchObject({ outcome: 'ok', preflight: { missingRights: [] } });
  expect((await replicas()).dest).toEqual([3, 2, 2]);
});

test('F9: a source that came back is fenced with the Roles of a cutover', async () => {
  await revoke();
  await grantWhatIsPrinted('cutover', SIDES, [WIDGETS]);
  const fenced = await dr('fence', ['--jobs', 'suspend', '--yes']);
  expect(fenced.document).toMatchObject({ outcome: 'ok' });
  expect((await replicas()).source).toEqual([0, 0, 0]);
  expect((await dr('status')).document).toMatchObject({ outcome: 'ok', live: 'dest', problems: [] });
});

/**
 * Asks for the Roles as somebody without rights, and gives them to him. Who may not see the Roles of the application
 * cannot be told by name what writing them takes, so that a second answer may ask for more than the first one.
 */
async function grantWhatIsPrinted(
  kind: string,
  sides: readonly Side[],
  args: readonly string[] = [],
): Promise<void> {
  const flags = [kind, ...args, '--jobs', 'suspend'];
  const first = await dr('preflight', flags, 3);
  expect(Object.keys(first.document.roleYaml).sort()).toEqual([...sides].sort());
  await grant(first.document.roleYaml);
  // The authorizer of the server sees new Roles after a moment.
  let lacks: Json = {};
  for (let attempt = 0; attempt < 8; attempt++) {
    const { document } = await dr('preflight', flags, 'any');
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
const RARE: Readonly<Record<string, RegExp>> = {};

/** The granted rights that no request has used, but for the rare ones: `dest get leases.coordination.k8s.io`. */
function unused(kind: string): string[] {
  const asked = Object.fromEntries(SIDES.map((side) => [side, askedBy(side, USER())]));
  const rights = granted.flatMap(([side, { kind: type, metadata, rules = [] }]) =>
    type.endsWith('Binding')
      ? []
      : rules.flatMap((rule: Json) =>
          rule.resources.flatMap((resource: string) =>
            rule.verbs.map((verb: string) => ({
              side,
              verb,
              resource,
              group: rule.apiGroups[0],
              namespace: type === 'Role' ? metadata.namespace : '',
              names: rule.resourceNames ?? [],
            })),
          ),
        ),
  );
  const left = rights.filter(
    (right) =>
      !asked[right.side]?.some(
        (event) =>
          event.status < 400 &&
          event.verb === right.verb &&
          event.resource === right.resource &&
          event.group === right.group &&
          (right.namespace === '' || event.namespace === right.namespace || event.name === right.namespace) &&
          (right.names.length === 0 || right.names.includes(event.name)),
      ),
  );
  const texts = left.map(
    ({ side, verb, resource, group, names }) =>
      `${kind} ${side} ${verb} ${resource}${group === '' ? '' : `.${group}`}${names.length === 0 ? '' : ` ${names.join(' ')}`}`,
  );
  return [...new Set(texts)]
    .filter((text) => !Object.values(RARE).some((pattern) => pattern.test(text)))
    .sort();
}

/** Writes that the servers have refused although the Roles were granted. */
function refusedWrites(): string[] {
  return SIDES.flatMap((side) =>
    askedBy(side, USER())
      .filter(({ status, verb }) => status === 403 && !['get', 'list', 'watch'].includes(verb))
      .map(({ verb, resource, name }) => `${side} ${verb} ${resource} ${name}`),
  );
}

const USER = (): string => `system:serviceaccount:${home}:operator`;

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
): Promise<ProgramRun & { document: Json }> {
  const run = await runDr([
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
  ]);
  if (code !== 'any') expect(run.exitCode, `${run.stdout}\n${run.stderr}`).toBe(code);
  return { ...run, document: JSON.parse(run.stdout) };
}
