//! Packs: folders of strategies that are built, published, installed and verified as one.
