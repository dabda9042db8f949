/** npm run clusters up|down|status: two local clusters to try dr-syncer on. */
import { probe, raisePair, razePair, type StandingPair, standingPair } from './standing.ts';

const commands: Readonly<Record<string, () => Promise<number>>> = { up, down, status };
const [name = ''] = process.argv.slice(2);
const command = Object.hasOwn(commands, name) ? commands[name] : undefined;
try {
  process.exitCode = command ? await command() : usage();
} catch (error) {
  process.stderr.write(`${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
}

async function up(): Promise<number> {
  const before = standingPair();
  if (before) {
    if ((await probe(before)).every(({ isUp }) => isUp)) {
      process.stderr.write('The clusters are already up.\n');
      return describe(before);
    }
    process.stderr.write('Removing the clusters of an earlier run, which no longer answer.\n');
    await razePair(before);
  }
  process.stderr.write('Starting two clusters ...\n');
  return describe(await raisePair());
}

async function down(): Promise<number> {
  const pair = standingPair();
  if (pair) {
    await razePair(pair);
  }
  process.stderr.write(pair ? 'The clusters are gone.\n' : 'There are no clusters.\n');
  return 0;
}

async function status(): Promise<number> {
  const pair = standingPair();
  if (!pair) {
    process.stderr.write('There are no clusters. Start them with: npm run clusters up\n');
    return 1;
  }
  const probes = await probe(pair);
  for (const { context, isUp, says } of probes) {
    process.stdout.write(`${context}  ${isUp ? 'answers' : 'does not answer'}  ${says}\n`);
  }
  process.stdout.write(`kubeconfig  ${pair.kubeconfig}\n`);
  return probes.every(({ isUp }) => isUp) ? 0 : 1;
}

function describe({ kubeconfig, contexts: [source, dest] }: StandingPair): number {
  process.stdout.write(
    [
      `source context       ${source}`,
      `destination context  ${dest}`,
      '',
      `export KUBECONFIG=${kubeconfig}`,
      `dr-syncer plan --source-context ${source} --dest-context ${dest} -n NAMESPACE`,
      '',
      'Remove them with: npm run clusters down',
      '',
    ].join('\n'),
  );
  return 0;
}

function usage(): number {
  process.stderr.write('Usage: npm run clusters up|down|status\n');
  return 2;
}
