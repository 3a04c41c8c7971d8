//! Turns a core module into a component of our world, with the contract and the preview 1 adapter that this binary carries.
