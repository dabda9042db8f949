// Writes the tables of fields in docs/controller.md anew from the CRDs of the chart. Usage: node scripts/fields.ts
import { readFileSync, writeFileSync } from 'node:fs';
import { CONTROLLER_PAGE, withFieldTables } from '../test/docs/custom-resource-fields.ts';

writeFileSync(CONTROLLER_PAGE, withFieldTables(readFileSync(CONTROLLER_PAGE, 'utf8')));
