//! Recordings of other tools, good and bad, as they are read and as a journal then holds them.
