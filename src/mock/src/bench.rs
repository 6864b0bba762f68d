//! Load generator (to be completed).
