import type { PreflightKind } from '../needs/preflight-result.ts';
import type { Io } from '../ui/io.ts';
import { writeResult } from '../ui/output.ts';
import { renderPreflight } from '../ui/render/render-preflight.ts';
import { preflight } from '../verbs/preflight.ts';
import { conclude } from './conclude.ts';
import { moveOptions } from './move-options.ts';
import { checksRequest, copyOfMove, type FailbackFlags } from './move-request.ts';
import type { NeedsFlags } from './options.ts';
import { withSession } from './session.ts';

/** `dr-syncer preflight`: whether a move would go through. Writes nothing; returns the exit code. */
export const runPreflightCommand = (
  io: Io,
  kind: PreflightKind,
  flags: FailbackFlags & NeedsFlags,
  interrupt: AbortSignal,
): Promise<number> =>
  withSession(io, flags, interrupt, async (session) => {
    const copies = flags.migratePvcData === true || flags.reverseMigratePvcData === true;
    const copy = copyOfMove(flags, session, copies, '--migrate-pvc-data');
    const request = {
      kind,
      options: moveOptions(flags),
      stage: { ...copy.stage, clusterNeeds: flags.includeClusterNeeds === true },
      data: kind === 'failover' ? undefined : copy.data,
      syncConfig: flags.syncConfig === true,
      checks: checksRequest(flags),
    };
    const result = await preflight(session.pair, request, session.runtime);
    conclude(io, flags, session.runtime, { exitCode: result.exitCode, summary: result.summary });
    await writeResult(io, flags.output, result, (value) => renderPreflight(value, session.theme));
    return result.exitCode;
  });
