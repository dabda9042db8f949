/** npm run demo: two local clusters, a shop in the first one; stage, cutover, status, failback and history. */
import { startLocalPair } from '../test/cluster/harness.ts';
import { dr, heading, installShop, say } from './demo-run.ts';
import { compareSides } from './demo-table.ts';

const NAMESPACE = 'shop';
const started = Date.now();

interface Step {
  readonly title: string;
  readonly args: readonly string[];
  /** Show what is on both sides afterwards. */
  readonly tables: boolean;
}

heading('Starting two local clusters');
const pair = await startLocalPair();
try {
  const { source, dest, kubeconfig } = pair;
  say(`source: ${source.context} at ${source.server}`);
  say(`destination: ${dest.context} at ${dest.server}`);

  heading(`Putting the application "${NAMESPACE}" into the source`);
  await installShop(source, dest);

  const names = ['--source-context', source.context, '--dest-context', dest.context, '-n', NAMESPACE];
  const steps: Step[] = [
    {
      title: 'Staging it to the destination, parked',
      args: ['stage', ...names, '--include-custom-resources'],
      tables: true,
    },
    {
      title: 'Cutting over: the source stops, is seen empty, and the destination starts',
      args: ['cutover', ...names, '--include-custom-resources', '--jobs', 'suspend', '--yes'],
      tables: true,
    },
    { title: 'Where does it live now?', args: ['status', ...names], tables: false },
    {
      title: 'Bringing it home',
      args: ['failback', ...names, '--include-custom-resources', '--jobs', 'suspend', '--yes'],
      tables: true,
    },
    { title: 'What was done, and how long it took', args: ['history', ...names], tables: false },
  ];
  for (const step of steps) {
    heading(step.title);
    dr(kubeconfig, step.args);
    if (step.tables) process.stdout.write(`\n${await compareSides(source.api, dest.api, NAMESPACE)}`);
  }
} catch (error) {
  process.stderr.write(`\n${error instanceof Error ? error.message : error}\n`);
  process.exitCode = 1;
} finally {
  heading('Removing the clusters');
  await pair.stop();
  say(`done after ${Math.round((Date.now() - started) / 1000)} s`);
}
