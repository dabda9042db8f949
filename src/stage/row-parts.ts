import type { KubeObject } from '../kube/api-types.ts';
import type { Note } from '../pipeline/pipeline-types.ts';
import type { StageRow } from './stage-types.ts';

/** The fields of a row that name its object. Pure. */
export const rowHead = ({
  apiVersion,
  kind,
  metadata,
}: Pick<KubeObject, 'apiVersion' | 'kind' | 'metadata'>): Pick<StageRow, 'apiVersion' | 'kind' | 'name'> => ({
  apiVersion,
  kind,
  name: metadata.name,
});

/** The Warning headers of the server as notes. Pure. */
export const serverWarnings = (warnings: readonly string[]): Note[] =>
  warnings.map((message) => ({ level: 'warn', path: '', message: `The server warns: ${message}` }));
