-- What is so of the whole installation, whichever host asks: which host exports what belongs to all of them.

CREATE TABLE installation (name text COLLATE "C" PRIMARY KEY, value text COLLATE "C" NOT NULL);
