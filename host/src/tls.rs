//! Whether this machine can speak TLS at all: asked before a registry or a granted host is spoken to.

/// Whether the cryptography runs on this processor: it is written for those of the last ten years, and panics on others.
///
/// # Errors
/// What the processor lacks.
pub(crate) fn check_processor() -> Result<(), String> {
    #[cfg(target_arch = "x86_64")]
    let has = [
        ("AES", std::arch::is_x86_feature_detected!("aes")),
        ("PCLMULQDQ", std::arch::is_x86_feature_detected!("pclmulqdq")),
        ("BMI1", std::arch::is_x86_feature_detected!("bmi1")),
        ("ADX", std::arch::is_x86_feature_detected!("adx")),
        ("AVX", std::arch::is_x86_feature_detected!("avx")),
        ("AVX2", std::arch::is_x86_feature_detected!("avx2")),
    ];
    #[cfg(target_arch = "aarch64")]
    let has = [
        ("NEON", std::arch::is_aarch64_feature_detected!("neon")),
        ("AES", std::arch::is_aarch64_feature_detected!("aes")),
        ("PMULL", std::arch::is_aarch64_feature_detected!("pmull")),
        ("SHA2", std::arch::is_aarch64_feature_detected!("sha2")),
    ];
    #[cfg(not(any(target_arch = "x86_64", target_arch = "aarch64")))]
    let has = [("an implementation of TLS", false)];
    let lacking: Vec<_> = has.into_iter().filter(|(_, has)| !has).map(|(name, _)| name).collect();
    if lacking.is_empty() { Ok(()) } else { Err(lacking.join(", ")) }
}
