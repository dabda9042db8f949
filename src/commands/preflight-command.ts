import type { PreflightKind } from '../needs/preflight-result.ts';
import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderPreflight } from '../ui/render/render-preflight.ts';
import { conclude } from './conclude.ts';
import { configTrial } from './config-step.ts';
import { stageOptionsOf } from './cutover-command.ts';
import { checkCopyOptions, dataOptions } from './data-options.ts';
import { dataStep } from './data-session.ts';
import type { FailbackFlags } from './failback-command.ts';
import { moveOptions } from './move-options.ts';
import type { NeedsFlags } from './options.ts';
import { openPair } from './pair.ts';
import { runPreflight } from './preflight-gate.ts';
import { withSession } from './session.ts';

/** `dr-syncer preflight`: whether a move would go through. Writes nothing; returns the exit code. */
export const runPreflightCommand = (
  io: Io,
  kind: PreflightKind,
  flags: FailbackFlags & NeedsFlags,
  interrupt: AbortSignal,
): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const { source, dest } = await openPair(session, kind === 'failover' ? 'skip' : kind);
    const stageOptions =
      kind === 'cutover' && source !== undefined
        ? {
            ...stageOptionsOf(flags, source.namespace, dest.namespace),
            clusterNeeds: flags.includeClusterNeeds === true,
          }
        : undefined;
    const copies = flags.migratePvcData === true || flags.reverseMigratePvcData === true;
    checkCopyOptions(flags, copies, '--migrate-pvc-data');
    const copied = copies && source !== undefined && kind !== 'failover' ? source : undefined;
    const data = copied === undefined ? undefined : dataOptions(flags, { preCopy: false });
    const result = await runPreflight(session, flags, {
      kind,
      source,
      dest,
      options: moveOptions(flags),
      stageOptions,
      data,
      ...(kind === 'failback' && source !== undefined
        ? {
            syncsConfig: configTrial(
              source,
              dest,
              stageOptionsOf(flags, source.namespace, dest.namespace),
              flags.syncConfig === true,
              session.signal,
            ),
          }
        : {}),
      ...(copied === undefined || data === undefined
        ? {}
        : {
            checkData: async () => {
              const [from, to] = kind === 'failback' ? [dest, copied] : [copied, dest];
              const storageClassMap = flags.storageClassMap ?? new Map<string, string>();
              const step = await dataStep({ io, session, from, to, options: data, storageClassMap });
              return step.check(kind === 'failback');
            },
          }),
    });
    conclude(io, flags, session, { exitCode: result.exitCode, summary: result.summary });
    await writeResult(io, flags.output, result, (value) => renderPreflight(value, session.theme));
    return result.exitCode;
  });
