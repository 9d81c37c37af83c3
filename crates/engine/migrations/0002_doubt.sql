-- Why a copy's absence does not count as a deletion, until a person says so or the copy is seen again.
ALTER TABLE copy ADD COLUMN doubt TEXT;
