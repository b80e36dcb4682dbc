import type { Migration } from '../migrations.ts';

/** Datasets are files named by their digest; of each published batch the store knows where its part begins and ends. */
export const DATASET_FILES: Migration = ({ integer, end, jsonField }) => `
  ALTER TABLE epochs DROP COLUMN dataset;
  ALTER TABLE epochs ADD COLUMN data_hash TEXT NOT NULL DEFAULT '';
  UPDATE epochs SET data_hash = ${jsonField('distribution', 'dataHash')};

  CREATE TABLE dataset_parts (
    batch_id ${integer} PRIMARY KEY,
    epoch ${integer} NOT NULL,
    part_start ${integer} NOT NULL,
    part_end ${integer} NOT NULL,
    receipts_data_hash TEXT NOT NULL,
    records_data_hash TEXT NOT NULL
  ) ${end};
  CREATE INDEX dataset_parts_epoch ON dataset_parts (epoch);
`;
