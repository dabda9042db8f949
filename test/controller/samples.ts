import type { StageResult, StageRow } from '../../src/stage/stage-types.ts';

/** A row of a stage's result. */
export const rowOf = (changes: Partial<StageRow> = {}): StageRow => ({
  apiVersion: 'v1',
  kind: 'ConfigMap',
  name: 'settings',
  action: 'unchanged',
  reason: '',
  notes: [],
  attempts: 1,
  ms: 1,
  ...changes,
});

/** The result of a stage that ended well and copied nothing. */
export const resultOf = (changes: Partial<StageResult> = {}): StageResult => {
  const side = { context: 'west', server: 'https://west', namespace: 'shop', clusterUid: undefined };
  const none = { created: 0, updated: 0, recreated: 0, unchanged: 0, stashed: 0, deleted: 0, skipped: 0 };
  const counts = { total: 0, retries: 0 } as unknown as StageResult['requests']['source'];
  return {
    schema: 'dr-syncer.io/stage-result/v1',
    outcome: 'ok',
    exitCode: 0,
    summary: 'Staged.',
    dryRun: false,
    source: { ...side, context: 'east' },
    dest: side,
    startedAt: '2026-01-01T00:00:00Z',
    seconds: 1.5,
    totals: { ...none, refused: 0, failed: 0, pending: 0 },
    objects: [],
    findings: [],
    stageHash: 'abc',
    orphans: [],
    types: { copied: [], neverCopied: [], leftOut: [], failedGroups: [] },
    requests: { source: counts, dest: counts },
    ...changes,
  };
};
