//! How broad a walk must be.
