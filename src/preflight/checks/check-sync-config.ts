import { clause } from '../../common/sentences.ts';
import { isAboutRights } from '../../kube/about-rights.ts';
import { finding } from '../../needs/findings.ts';
import { whereIs } from '../../sides/side.ts';
import type { CheckRow } from '../preflight-types.ts';
import { triedRows } from '../tried-findings.ts';

/** Whether the source takes what `--sync-config` brings home. */
export const checkSyncConfig: CheckRow = {
  id: 'sync-config',
  passed: 'The source accepts the configuration that is moved back.',
  run: async ({ to, input }) => {
    const tried = (await input.trySyncConfig?.()) ?? [];
    const doing = (name: string): string => `to apply ${name} in ${whereIs(to.side)}`;
    const hint =
      'Change what refuses it, or leave the configuration of the source unchanged: run without --sync-config.';
    // Which objects were changed is known only here, so no other check asks for these rights.
    const [denied, others] = [true, false].map((is) =>
      tried.filter(({ failure }) => isAboutRights(failure) === is),
    );
    return [
      ...(denied ?? []).map(({ name, failure }) =>
        finding(
          'sync-config',
          'refuse',
          name,
          `The server refuses ${doing(name)}: ${clause(failure?.detail ?? '')}.`,
          hint,
        ),
      ),
      ...triedRows('sync-config', others ?? [], doing, hint),
    ];
  },
};
