import { checkCopyArgs, findMover, type Mover, strategyWarnings } from './find-mover.ts';
import type { MoverOptions } from './mover-types.ts';
import { copyArgs } from './pv-migrate-args.ts';

/**
 * Everything about the mover that can be known before anything is stopped: it is there, its version is known, it can
 * do what the options ask for, and it takes the arguments. Connects to no cluster. Throws RefusedError or UsageError.
 */
export const preflightMover = async (
  options: MoverOptions,
  env: Readonly<Record<string, string | undefined>>,
): Promise<{ mover: Mover; warnings: string[] }> => {
  const mover = await findMover({ path: options.path, env });
  const side = { kubeconfig: 'kubeconfig', context: 'context' };
  const end = { namespace: 'namespace', claim: 'claim' };
  const args = copyArgs({
    dialect: mover.dialect,
    pair: { name: 'claim', source: end, dest: end },
    options,
    source: side,
    dest: side,
    values: 'values.yaml',
    id: 'dr-check',
  });
  await checkCopyArgs(mover, args);
  return { mover, warnings: await strategyWarnings(mover, options) };
};
