import type { StageResult, StageRow } from '../../src/stage/stage-types.ts';
import { applyYaml, createNamespace, freshNamespace, getJson, type Json } from '../cluster/client.ts';
import { notesOf, rowOf, type StageFlags, stageWell } from './stage.ts';

/** A namespace that was staged, with raw looks at both sides. */
export interface Copy {
  readonly source: string;
  readonly dest: string;
  readonly result: StageResult;
  /** The object at the source. Throws when there is none. */
  from(kind: string, name: string): Promise<Json>;
  /** The object at the destination. Throws when there is none. */
  to(kind: string, name: string): Promise<Json>;
  /** Whether the destination has the object. */
  has(kind: string, name: string): Promise<boolean>;
  row(kind: string, name: string): StageRow;
  notes(kind: string, name: string): string[];
  /** Stages once more, with other flags if given. */
  again(flags?: StageFlags): Promise<Copy>;
}

/** What makes a copy: the source's objects as YAML, and what else has to happen before the run. */
export interface CopySetup {
  readonly yaml?: string;
  /** Runs after the objects of `yaml` were made; gets the namespace names of both sides. */
  readonly prepare?: (source: string, dest: string) => Promise<unknown>;
  readonly flags?: StageFlags;
  /** The destination gets another name than the source. */
  readonly rename?: boolean;
}

/** Makes a fresh namespace at the source, fills it, and stages it. Fails unless the run ends well. */
export const copyOf = async (prefix: string, setup: CopySetup): Promise<Copy> => {
  const source = freshNamespace(prefix);
  const dest = setup.rename === true ? freshNamespace(`${prefix}-dr`) : source;
  await createNamespace('source', source);
  if (setup.yaml !== undefined) await applyYaml('source', source, setup.yaml);
  await setup.prepare?.(source, dest);
  return copyAgain(source, dest, setup.flags ?? {});
};

/** Stages a namespace and looks at both sides. Fails unless the run ends well. */
export const copyAgain = async (source: string, dest: string, flags: StageFlags): Promise<Copy> => {
  const result = await stageWell(source, { dest, ...flags });
  return {
    source,
    dest,
    result,
    from: (kind, name) => mustGet('source', kind, name, source),
    to: (kind, name) => mustGet('dest', kind, name, dest),
    has: async (kind, name) => (await getJson('dest', kind, name, dest)) !== undefined,
    row: (kind, name) => rowOf(result, kind, name),
    notes: (kind, name) => notesOf(rowOf(result, kind, name)),
    again: (more = {}) => copyAgain(source, dest, { ...flags, ...more }),
  };
};

const mustGet = async (
  side: 'source' | 'dest',
  kind: string,
  name: string,
  namespace: string,
): Promise<Json> => {
  const found = await getJson(side, kind, name, namespace);
  if (found === undefined) throw new Error(`${kind} ${name} is not in namespace ${namespace} of ${side}.`);
  return found;
};
