//! An author's tests as data: read, run in the real engine without HTTP, and compared.
