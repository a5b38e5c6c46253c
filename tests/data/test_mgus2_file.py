"""The vendored data set is the one its README names, with its licence beside it."""

import hashlib


def test_the_file_is_the_one_named_by_its_checksum(root):
    folder = root / "data" / "mgus2"
    digest = hashlib.sha256((folder / "mgus2.csv").read_bytes()).hexdigest()
    assert digest in (folder / "README.md").read_text()
    assert "GNU LIBRARY GENERAL PUBLIC LICENSE" in (folder / "LICENSE").read_text()


def test_the_training_table_of_mgus2_has_the_missing_values_of_the_file(mgus_table):
    missing = mgus_table.rows[["hemoglobin__last__ever", "creatinine__last__ever", "m_protein__last__ever"]].isna().sum()
    assert missing.tolist() == [13, 30, 11]
