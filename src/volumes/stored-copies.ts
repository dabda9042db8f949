import type { Json, JsonObject } from '../kube/api-types.ts';
import { isObject, stringAt } from '../kube/raw-json.ts';
import type { ClaimReport, DataJournal } from './data-types.ts';
import type { ClaimResult, MoverRecord } from './mover-types.ts';

/** What the journal keeps per claim. */
export interface StoredClaim {
  readonly status: ClaimReport['status'] | undefined;
  readonly verified: boolean;
  /** The state of the stopped side when the claim was copied. */
  readonly mark: string | undefined;
  /** Copies that may have left something in the clusters, the latest last. */
  readonly movers: readonly MoverRecord[];
}

/** Reads the data part of a journal. */
export const readStored = (data: ReturnType<DataJournal['read']>): Map<string, StoredClaim> =>
  new Map(
    Object.entries(data).flatMap(([claim, value]) =>
      isObject(value)
        ? [
            [
              claim,
              {
                status: stringAt(value, 'status') as StoredClaim['status'],
                verified: value['verified'] === true,
                mark: stringAt(value, 'mark'),
                movers: Array.isArray(value['movers']) ? (value['movers'] as unknown as MoverRecord[]) : [],
              },
            ] as const,
          ]
        : [],
    ),
  );

/** A copy is about to start or runs. */
export const startedValue = (movers: readonly MoverRecord[]): Json =>
  toJson({ status: 'copying', movers }) as Json;

/** A copy has ended. What a failed one may have left stays on record. */
export const endedValue = (result: ClaimResult, movers: readonly MoverRecord[], mark: string): Json =>
  toJson({
    status: result.status,
    verified: result.verification?.outcome === 'equal',
    movers: result.status === 'copied' ? [] : movers,
    mark,
    seconds: result.seconds,
    bytes: result.bytes,
    strategy: result.strategy,
    reason: result.reason,
    verification: result.verification,
  });

/** The copies of a journal that may have left something running or lying in the clusters. */
export const unfinishedMovers = (data: ReturnType<DataJournal['read']>): MoverRecord[] =>
  [...readStored(data).values()].flatMap((claim) => claim.movers);

/** The claims of a journal for the result document; undefined when no data was to be copied. */
export const claimReports = (
  data: ReturnType<DataJournal['read']> | undefined,
): ClaimReport[] | undefined => {
  const entries = Object.entries(data ?? {});
  if (entries.length === 0) return undefined;
  return entries.flatMap(([claim, value]) => {
    if (!isObject(value)) return [];
    const { movers: _movers, mark: _mark, verified: _verified, ...shown } = value as JsonObject;
    return [{ claim, ...shown } as unknown as ClaimReport];
  });
};

// Leaves out what is undefined.
const toJson = (value: unknown): Json => JSON.parse(JSON.stringify(value)) as Json;
