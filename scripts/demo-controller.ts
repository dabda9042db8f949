/** npm run demo:controller: three local clusters; the controller keeps three namespaces recoverable, and yields to a move. */
import { join } from 'node:path';
import type { LocalCluster } from '../test/cluster/harness.ts';
import { askedOf, type Controller, type DemoClusters, HOME, startThree } from './demo-clusters.ts';
import { buildOnce, dr, heading, installShop, kubectl, ROOT, say, showKubectl, until } from './demo-run.ts';
import { compareSides } from './demo-table.ts';

const MAPPINGS = ['-n', HOME, 'get', 'namespacemappings'];
const WRITES: ReadonlySet<string> = new Set(['create', 'update', 'patch', 'delete', 'deletecollection']);
const started = Date.now();
buildOnce();

heading('Starting three local clusters: one for the controller, a source and a destination');
const clusters = await startThree();
const { hub, source, dest, kubeconfig } = clusters;
let controller: Controller | undefined;
try {
  for (const { context, server } of [hub, source, dest]) say(`${context} at ${server}`);
  heading('Putting the applications "shop", "billing" and "reports" into the source');
  await installShop(source, dest);
  await kubectl(source, ['apply', '-f', join(ROOT, 'demo', 'controller', 'small-apps.yaml')]);
  for (const name of ['billing', 'reports'])
    await kubectl(source, ['-n', name, 'wait', '--for=condition=Available', 'deployment', '--all']);
  await installCharts(clusters);
  controller = await clusters.startController();
  await firstCopies();
  const changed = await changeBilling();
  await seeChangeArrive();
  await move();
  await seeSchedule(changed);
  await seeEnd(controller);
  seeRights();
  sayNext();
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
  if (controller !== undefined)
    process.stderr.write(
      `\nThe end of the controller's log:\n${controller.log().split('\n').slice(-15).join('\n')}`,
    );
  process.exitCode = 1;
} finally {
  heading('Removing the clusters');
  await clusters.stop();
  say(`done after ${seconds(started, 0)} s`);
}

async function installCharts({ installController, installRemote }: DemoClusters): Promise<void> {
  heading('Installing the charts');
  await installController();
  say(`charts/dr-syncer in ${hub.context}: the definitions, a ServiceAccount and its rights`);
  const custom = [
    '--set-json',
    'customResources=[{"apiGroups":["demo.example.com"],"resources":["widgets"]}]',
  ];
  await installRemote(source, custom);
  say(`charts/dr-syncer-remote in ${source.context}: may only read`);
  // The shop has a Role, and only who has its rights, or may grant more than that, can copy it.
  await installRemote(dest, ['--set', 'role=destination,grantRoles=true', ...custom]);
  say(`charts/dr-syncer-remote in ${dest.context}: may read and write, and delete nothing`);
  say('the controller gets one token for each of the three, and nothing else');
}

async function firstCopies(): Promise<void> {
  heading('Telling the controller what to keep: one namespace in each mode');
  const at = Date.now();
  await kubectl(hub, ['apply', '-f', join(ROOT, 'demo', 'controller', 'mappings.yaml')]);
  await Promise.all(['shop', 'billing'].map((name) => untilReady(name, 'InSync')));
  say(
    `shop (Continuous) and billing (Scheduled) are copied after ${seconds(at)} s; reports waits to be asked:`,
  );
  await showKubectl(hub, MAPPINGS);
  if (await exists(dest, 'namespace/reports')) throw new Error('A Manual mapping was copied unasked.');
  const asked = Date.now();
  await askFor('reports', 'first');
  await until('the copy of reports', async () => ((await handled('reports')) === 'first' ? true : undefined));
  say(`reports was asked for and copied, after ${seconds(asked)} s`);
  process.stdout.write(`\nshop:\n${await compareSides(source.api, dest.api, 'shop')}`);
}

async function changeBilling(): Promise<number> {
  await patch(source, 'billing', 'rates', { vat: '20' });
  return Date.now();
}

async function seeChangeArrive(): Promise<void> {
  heading('Changing a ConfigMap of shop in the source');
  const at = Date.now();
  await patch(source, 'shop', 'web-config', { GREETING: 'hello' });
  await untilValue('shop', 'web-config', 'GREETING', 'hello');
  say(`it is in the copy after ${seconds(at)} s`);
}

async function move(): Promise<void> {
  const names = ['--source-context', source.context, '--dest-context', dest.context, '-n', 'shop'];
  const how = ['--include-custom-resources', '--jobs', 'suspend', '--yes', '--log-level', 'error'];
  const before = await countsIn(source);
  heading('Moving shop by the command line, while the controller runs');
  dr(kubeconfig, ['cutover', ...names, ...how]);
  const over = Date.now();
  await untilReady('shop', 'DestinationLive');
  say(`\nthe controller knows after ${seconds(over)} s:`);
  await showKubectl(hub, [...MAPPINGS, 'shop']);
  say(await readyOf('shop', 'message'));
  await seeHandsOff(over);

  heading('Bringing shop home');
  dr(kubeconfig, ['failback', ...names, ...how]);
  const home = Date.now();
  const after = await until('the counts from before the cutover', async () => {
    const counts = await countsIn(source);
    return counts === before ? counts : undefined;
  }).catch(async () => {
    throw new Error(
      `The counts are not those from before the cutover.\n${before}\n---\n${await countsIn(source)}`,
    );
  });
  say(`\nthe source runs what it ran before the cutover:\n${after}`);
  await untilValue('shop', 'made-meanwhile', 'key', 'value');
  await untilReady('shop', 'InSync');
  say(`\nthe mapping went on by itself: what was made meanwhile is in the copy after ${seconds(home)} s`);
  await showKubectl(hub, MAPPINGS);
}

// A change that it would copy and a wish for a sync: it must look at the record, and must not write.
async function seeHandsOff(since: number): Promise<void> {
  const made = ['-n', 'shop', 'create', 'configmap', 'made-meanwhile', '--from-literal=key=value'];
  await kubectl(source, made);
  const asked = Date.now();
  await askFor('shop', 'meanwhile');
  const inShop = () => askedOf(dest).filter(({ namespace }) => namespace === 'shop');
  const looked = await until('a look at the record', async () =>
    inShop().find(({ atMs, verb, what }) => atMs > asked && verb === 'get' && what.startsWith('configmaps')),
  );
  const writes = inShop().filter(({ atMs, verb }) => atMs > since && WRITES.has(verb));
  if (writes.length > 0)
    throw new Error(`Written under a live destination: ${writes.map(({ verb, what }) => `${verb} ${what}`)}`);
  say(`asked for a sync, it looked (${looked.what}) and wrote nothing in namespace shop`);
}

async function seeSchedule(changed: number): Promise<void> {
  heading('billing: a change waits for the schedule');
  await untilValue('billing', 'rates', 'vat', '20', 75);
  const write = askedOf(dest).find(
    ({ atMs, verb, what }) => atMs > changed && verb === 'patch' && what === 'configmaps rates',
  );
  if (write === undefined) throw new Error('The audit log does not show who wrote the change of billing.');
  const at = new Date(write.atMs).toISOString().slice(11, 19);
  say(`changed at ${new Date(changed).toISOString().slice(11, 19)}, copied at ${at} (schedule "* * * * *")`);
}

// The logs of the API servers: what the accounts of the charts were refused.
function seeRights(): void {
  heading('Were the rights of the charts enough?');
  for (const cluster of [hub, source, dest]) {
    const asked = askedOf(cluster);
    const refused = asked.filter(({ status }) => status === 403);
    say(`${cluster.context}: ${asked.length} requests of the controller, ${refused.length} refused`);
    const [first] = refused;
    if (first !== undefined)
      throw new Error(`Refused in ${cluster.context}: ${first.verb} ${first.what} ${first.namespace}`);
  }
  const written = askedOf(source).filter(({ verb, what }) => WRITES.has(verb) && !/accessreviews/.test(what));
  if (written.length > 0) throw new Error(`Written at the source: ${written[0]?.verb} ${written[0]?.what}`);
  say(`nothing was written in ${source.context}`);
}

async function seeEnd({ process: running, log }: Controller): Promise<void> {
  running.signal('SIGTERM');
  await until('the end of the controller', async () => (running.isAlive() ? undefined : true), 30);
  if (!log().includes('dr-syncer ends: stopped'))
    throw new Error('The controller did not end as it was told.');
  say('the controller ended when it was told to');
}

function sayNext(): void {
  heading('What to type next');
  say('npm run clusters up            # two clusters that stay, for your own experiments');
  say('less docs/installation.md      # the charts in clusters of your own');
  say('less examples/warm-standby.yaml');
}

async function untilReady(name: string, reason: string): Promise<void> {
  await until(`reason ${reason} of NamespaceMapping ${name}`, async () =>
    (await readyOf(name, 'reason')) === reason ? true : undefined,
  );
}

function readyOf(name: string, field: string): Promise<string> {
  const path = `jsonpath={.status.conditions[?(@.type=="Ready")].${field}}`;
  return kubectl(hub, [...MAPPINGS, name, '-o', path]);
}

function handled(name: string): Promise<string> {
  return kubectl(hub, [...MAPPINGS, name, '-o', 'jsonpath={.status.lastHandledSyncNow}']);
}

async function askFor(name: string, value: string): Promise<void> {
  const args = [
    '-n',
    HOME,
    'annotate',
    'namespacemapping',
    name,
    '--overwrite',
    `dr-syncer.io/sync-now=${value}`,
  ];
  say(`$ kubectl --context ${hub.context} ${args.join(' ')}`);
  await kubectl(hub, args);
}

async function patch(
  cluster: LocalCluster,
  namespace: string,
  name: string,
  data: Readonly<Record<string, string>>,
): Promise<void> {
  const args = ['-n', namespace, 'patch', 'configmap', name, '--type=merge', '-p', JSON.stringify({ data })];
  await kubectl(cluster, args);
}

async function untilValue(
  namespace: string,
  name: string,
  key: string,
  value: string,
  limit = 60,
): Promise<void> {
  await until(
    `${key}=${value} in ConfigMap ${name} of ${dest.context}`,
    async () => {
      const { status, body } = await dest.api('GET', `/api/v1/namespaces/${namespace}/configmaps/${name}`);
      return status === 200 && body.data?.[key] === value ? true : undefined;
    },
    limit,
  );
}

async function exists(cluster: LocalCluster, what: string): Promise<boolean> {
  return (await kubectl(cluster, ['get', what, '--ignore-not-found', '-o', 'name'])) !== '';
}

// What is wanted of everything in shop that runs pods, one a line.
function countsIn(cluster: LocalCluster): Promise<string> {
  const columns = 'KIND:.kind,NAME:.metadata.name,REPLICAS:.spec.replicas,SUSPENDED:.spec.suspend';
  const kinds = 'deployments,statefulsets,daemonsets,cronjobs,jobs,widgets';
  return kubectl(cluster, ['-n', 'shop', 'get', kinds, '-o', `custom-columns=${columns}`]);
}

function seconds(since: number, digits = 1): string {
  return ((Date.now() - since) / 1000).toFixed(digits);
}
