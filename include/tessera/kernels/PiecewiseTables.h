// Coefficients of PiecewiseEven in MathCore.h; written by lib/kernels/piecewise_tables.py.
#pragma once

namespace tessera::kernels {
// clang-format off
/// tanh(t) / t
/// for t >= 0 on so many segments; constant from 9.02 on.
template <class Arch, int Segments> struct TanhTable;
template <class Arch> struct TanhTable<Arch, 32> {
  static constexpr int kSegments = 32;
  static constexpr float kScale = 0x1.b7e94cp+1f;
  static constexpr int kDegree = 5;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1p+0f, 0x1.f2062ap-1f, 0x1.cd16dcp-1f, 0x1.9c40dap-1f, 0x1.69bce8p-1f, 0x1.3b8e3cp-1f,
     0x1.13f0cep-1f, 0x1.e5ee7p-2f, 0x1.af9fa6p-2f, 0x1.82e5fep-2f, 0x1.5dd85ap-2f, 0x1.3ee01ep-2f,
     0x1.24bb16p-2f, 0x1.0e6f2ap-2f, 0x1.f676f6p-3f, 0x1.d5163ep-3f, 0x1.b7d4eep-3f, 0x1.9dfe0ap-3f,
     0x1.87029cp-3f, 0x1.7270ap-3f, 0x1.5fec4p-3f, 0x1.4f2adp-3f, 0x1.3fef0ap-3f, 0x1.32063ap-3f,
     0x1.254612p-3f, 0x1.198bp-3f, 0x1.0eb6eap-3f, 0x1.04b028p-3f, 0x1.f6c176p-4f, 0x1.e56b5ap-4f,
     0x1.d53d1cp-4f, 0x1.c61a1cp-4f},
    {-0x1.b851b8p-25f, -0x1.b0976cp-5f, -0x1.66d738p-4f, -0x1.98793ep-4f, -0x1.87e084p-4f, -0x1.584dc6p-4f,
     -0x1.219c02p-4f, -0x1.de55c6p-5f, -0x1.89676p-5f, -0x1.44c424p-5f, -0x1.0e33fep-5f, -0x1.c5f71p-6f,
     -0x1.8140b6p-6f, -0x1.4a3b86p-6f, -0x1.1dc498p-6f, -0x1.f2f222p-7f, -0x1.b71754p-7f, -0x1.854012p-7f,
     -0x1.5b5be8p-7f, -0x1.37d73p-7f, -0x1.197b02p-7f, -0x1.feab64p-8f, -0x1.d1534ap-8f, -0x1.a9c164p-8f,
     -0x1.8705bp-8f, -0x1.685eb6p-8f, -0x1.4d2f34p-8f, -0x1.34f654p-8f, -0x1.1f49c6p-8f, -0x1.0bd13p-8f,
     -0x1.f48556p-9f, -0x1.d4c00cp-9f},
    {-0x1.ce5a3ep-6f, -0x1.77f9c6p-6f, -0x1.78d6eap-7f, -0x1.485682p-10f, 0x1.2a147p-8f, 0x1.af715p-8f,
     0x1.ad442p-8f, 0x1.75661cp-8f, 0x1.321d7cp-8f, 0x1.e92ecap-9f, 0x1.838f36p-9f, 0x1.334bap-9f,
     0x1.ea2e3cp-10f, 0x1.8a4daap-10f, 0x1.4049d4p-10f, 0x1.06d0a8p-10f, 0x1.b3a4bep-11f, 0x1.6c8a26p-11f,
     0x1.33ce6ap-11f, 0x1.061884p-11f, 0x1.c1d4a4p-12f, 0x1.84cb8cp-12f, 0x1.524402p-12f, 0x1.281894p-12f,
     0x1.04a342p-12f, 0x1.cd3a02p-13f, 0x1.9a0c4p-13f, 0x1.6e29f4p-13f, 0x1.48527p-13f, 0x1.2784b6p-13f,
     0x1.0af13ap-13f, 0x1.e3de6cp-14f},
    {-0x1.01c324p-17f, 0x1.a6d5ep-9f, 0x1.02b98cp-8f, 0x1.636b36p-9f, 0x1.3dec2cp-10f, 0x1.0174e6p-12f,
     -0x1.9fc05p-13f, -0x1.6001eep-12f, -0x1.5f91eap-12f, -0x1.2ce3eap-12f, -0x1.e2ce66p-13f, -0x1.787e5ap-13f,
     -0x1.22787cp-13f, -0x1.bfb514p-14f, -0x1.5a80dp-14f, -0x1.0e224ap-14f, -0x1.a8f2a8p-15f, -0x1.517812p-15f,
     -0x1.0ea2ap-15f, -0x1.b64774p-16f, -0x1.6631d2p-16f, -0x1.27560ap-16f, -0x1.eb1318p-17f, -0x1.9b73eep-17f,
     -0x1.5b3edcp-17f, -0x1.270a18p-17f, -0x1.f8848ep-18f, -0x1.b1e346p-18f, -0x1.772e08p-18f, -0x1.461096p-18f,
     -0x1.1cb9a8p-18f, -0x1.f37696p-19f},
    {0x1.01effap-10f, 0x1.172f92p-11f, -0x1.15a82cp-13f, -0x1.9e674ep-12f, -0x1.4d8d98p-12f, -0x1.61c54p-13f,
     -0x1.0e912ep-14f, -0x1.9d1e2cp-17f, 0x1.184392p-17f, 0x1.d6a176p-17f, 0x1.cbd432p-17f, 0x1.81aebap-17f,
     0x1.2f88ecp-17f, 0x1.d04478p-18f, 0x1.5ef692p-18f, 0x1.08b2a2p-18f, 0x1.907b8p-19f, 0x1.30d4bcp-19f,
     0x1.d3c0c8p-20f, 0x1.6a15acp-20f, 0x1.1ae8bcp-20f, 0x1.be4076p-21f, 0x1.633316p-21f, 0x1.1d3e48p-21f,
     0x1.ce060cp-22f, 0x1.7931ep-22f, 0x1.36473ap-22f, 0x1.010dc4p-22f, 0x1.acc5p-23f, 0x1.67d76ap-23f,
     0x1.2fc586p-23f, 0x1.01dac8p-23f},
    {-0x1.9be486p-15f, -0x1.252822p-13f, -0x1.a8bc68p-14f, -0x1.1b0ce8p-17f, 0x1.efb784p-16f, 0x1.bf7d5ap-16f,
     0x1.f7cd4ep-17f, 0x1.b99346p-18f, 0x1.290adep-19f, 0x1.662e3p-22f, -0x1.6aa5eep-22f, -0x1.0aa21ap-21f,
     -0x1.f47444p-22f, -0x1.99e054p-22f, -0x1.3ca7dp-22f, -0x1.dc3c28p-23f, -0x1.6208fp-23f, -0x1.067072p-23f,
     -0x1.85f15p-24f, -0x1.233aa4p-24f, -0x1.b61f1ep-25f, -0x1.4c441ap-25f, -0x1.fc669p-26f, -0x1.8872dep-26f,
     -0x1.31a742p-26f, -0x1.e0462cp-27f, -0x1.7c84aep-27f, -0x1.2fec38p-27f, -0x1.e93b98p-28f, -0x1.8ca3ccp-28f,
     -0x1.43cacap-28f, -0x1.0a0c3ep-28f},
  };
};

/// erf(t) / t
/// for t >= 0 on so many segments; constant from 3.95 on.
template <class Arch, int Segments> struct ErfTable;
template <class Arch> struct ErfTable<Arch, 8> {
  static constexpr int kSegments = 8;
  static constexpr float kScale = 0x1.c5abcp+0f;
  static constexpr int kDegree = 7;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1.20dd76p+0f, 0x1.04ecc8p+0f, 0x1.938cacp-1f, 0x1.296858p-1f, 0x1.c507b4p-2f, 0x1.6ae9aap-2f,
     0x1.2e725ep-2f, 0x1.033d92p-2f},
    {0x1.90b4cp-29f, -0x1.96ab9ep-3f, -0x1.e3cc8cp-3f, -0x1.60aebcp-3f, -0x1.bdf2b4p-4f, -0x1.2201f2p-4f,
     -0x1.933f04p-5f, -0x1.28465p-5f},
    {-0x1.ea8f5ep-4f, -0x1.01026cp-4f, 0x1.2014a4p-6f, 0x1.2ea67ep-5f, 0x1.99de08p-6f, 0x1.cbe734p-7f,
     0x1.0cb4fep-7f, 0x1.52987ep-8f},
    {0x1.4db1d2p-20f, 0x1.fdc08cp-6f, 0x1.18bc66p-6f, -0x1.98cc84p-10f, -0x1.2b5908p-8f, -0x1.5f92eap-9f,
     -0x1.6511e6p-10f, -0x1.82ebccp-11f},
    {0x1.7697dcp-7f, 0x1.b36f96p-10f, -0x1.931e26p-8f, -0x1.40b7f6p-9f, 0x1.3c56c4p-12f, 0x1.d87a1p-12f,
     0x1.d3bd4ap-13f, 0x1.b9cefp-14f},
    {0x1.3286b4p-15f, -0x1.705aacp-9f, -0x1.0fc4ap-16f, 0x1.e2d2eep-11f, 0x1.91f266p-13f, -0x1.8c7db2p-15f,
     -0x1.21f31ep-15f, -0x1.f685e6p-17f},
    {-0x1.f2f326p-11f, 0x1.25cfcp-13f, 0x1.d8c7bap-12f, -0x1.581d72p-14f, -0x1.78bbd8p-14f, -0x1.c1e52ap-18f,
     0x1.25490ep-18f, 0x1.1aef3p-19f},
    {0x1.b2d28ep-14f, 0x1.699a3ep-13f, -0x1.35b4bap-14f, -0x1.3d8428p-15f, 0x1.1c4156p-16f, 0x1.53e48cp-18f,
     -0x1.854974p-23f, -0x1.276db2p-22f},
  };
};
template <class Arch> struct ErfTable<Arch, 32> {
  static constexpr int kSegments = 32;
  static constexpr float kScale = 0x1.f6474ap+2f;
  static constexpr int kDegree = 4;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1.20dd76p+0f, 0x1.1f4f32p+0f, 0x1.1abb58p+0f, 0x1.136426p+0f, 0x1.09afccp+0f, 0x1.fc3b2p-1f,
     0x1.e2724ep-1f, 0x1.c71c5p-1f, 0x1.ab3a76p-1f, 0x1.8fa854p-1f, 0x1.7512b4p-1f, 0x1.5bf4fap-1f,
     0x1.449c08p-1f, 0x1.2f2cc8p-1f, 0x1.1baca8p-1f, 0x1.0a0a78p-1f, 0x1.f44d1p-2f, 0x1.d7b2b4p-2f,
     0x1.bdf156p-2f, 0x1.a6b5cap-2f, 0x1.91b264p-2f, 0x1.7ea11cp-2f, 0x1.6d443cp-2f, 0x1.5d6632p-2f,
     0x1.4ed8e2p-2f, 0x1.4174c2p-2f, 0x1.3517f4p-2f, 0x1.29a56ap-2f, 0x1.1f0422p-2f, 0x1.151e7ep-2f,
     0x1.0be1cp-2f, 0x1.033d92p-2f},
    {0x1.5ee43ap-30f, -0x1.8c5494p-7f, -0x1.80f7c4p-6f, -0x1.13298cp-5f, -0x1.573f18p-5f, -0x1.8a5fdp-5f,
     -0x1.abcbf6p-5f, -0x1.bc415p-5f, -0x1.bdadfep-5f, -0x1.b2c8bp-5f, -0x1.9ea33p-5f, -0x1.8448e4p-5f,
     -0x1.667538p-5f, -0x1.4766b4p-5f, -0x1.28cd5ep-5f, -0x1.0bcfp-5f, -0x1.e23376p-6f, -0x1.b1fb5ap-6f,
     -0x1.870f3ep-6f, -0x1.6131f4p-6f, -0x1.3ff5b4p-6f, -0x1.22d7cep-6f, -0x1.0952d2p-6f, -0x1.e5d24p-7f,
     -0x1.be5444p-7f, -0x1.9b67e4p-7f, -0x1.7c6604p-7f, -0x1.60c182p-7f, -0x1.4803b8p-7f, -0x1.31c8fcp-7f,
     -0x1.1dbd74p-7f, -0x1.0b9a56p-7f},
    {-0x1.90353cp-8f, -0x1.849f86p-8f, -0x1.6330aep-8f, -0x1.2fa202p-8f, -0x1.deeae6p-9f, -0x1.522532p-9f,
     -0x1.8b4954p-10f, -0x1.1147dp-11f, 0x1.4ecffep-12f, 0x1.00abfep-10f, 0x1.7bd1eep-10f, 0x1.c82272p-10f,
     0x1.ec523ap-10f, 0x1.f0ff8cp-10f, 0x1.df20e4p-10f, 0x1.bee174p-10f, 0x1.96f892p-10f, 0x1.6c6d88p-10f,
     0x1.42aad4p-10f, 0x1.1bbfd4p-10f, 0x1.f16992p-11f, 0x1.b3b9b2p-11f, 0x1.7e3632p-11f, 0x1.502c9ap-11f,
     0x1.28b80ep-11f, 0x1.06ec64p-11f, 0x1.d3da9cp-12f, 0x1.a1f126p-12f, 0x1.76d11ap-12f, 0x1.51653ep-12f,
     0x1.30c7dep-12f, 0x1.143b66p-12f},
    {0x1.46c5d4p-24f, 0x1.e894d4p-14f, 0x1.ccf84p-13f, 0x1.399124p-12f, 0x1.6c1c4ep-12f, 0x1.7be6bp-12f,
     0x1.6ba2b8p-12f, 0x1.41dbdep-12f, 0x1.07561ap-12f, 0x1.8a9748p-13f, 0x1.07da4ap-13f, 0x1.258e1ep-14f,
     0x1.96ae8ep-16f, -0x1.51c88ep-17f, -0x1.176b88p-15f, -0x1.8a517ap-15f, -0x1.be7d9cp-15f, -0x1.c5eeb8p-15f,
     -0x1.b0ab8cp-15f, -0x1.8b750ep-15f, -0x1.5f7dd4p-15f, -0x1.32c6e4p-15f, -0x1.08cb7cp-15f, -0x1.c6757ep-16f,
     -0x1.85372cp-16f, -0x1.4d946p-16f, -0x1.1e9d2cp-16f, -0x1.ee4a42p-17f, -0x1.abfeccp-17f, -0x1.74372p-17f,
     -0x1.451fc8p-17f, -0x1.1d3396p-17f},
    {0x1.f0eceap-16f, 0x1.d5b8a6p-16f, 0x1.854332p-16f, 0x1.0e620ep-16f, 0x1.088c3ap-17f, -0x1.1a0b5ep-22f,
     -0x1.e66934p-18f, -0x1.9dee24p-17f, -0x1.fe60c4p-17f, -0x1.0bba14p-16f, -0x1.f6328ep-17f, -0x1.ad423cp-17f,
     -0x1.502538p-17f, -0x1.df6adap-18f, -0x1.303e42p-18f, -0x1.41701ap-19f, -0x1.ad2a24p-21f, 0x1.2c6f1ap-22f,
     0x1.f18842p-21f, 0x1.4ed32cp-20f, 0x1.68e5dcp-20f, 0x1.5e08dep-20f, 0x1.3f7aap-20f, 0x1.18dab2p-20f,
     0x1.e27986p-21f, 0x1.98d54ep-21f, 0x1.580f6ep-21f, 0x1.20e5c4p-21f, 0x1.e59p-22f, 0x1.992f6cp-22f,
     0x1.5a29b4p-22f, 0x1.2625acp-22f},
  };
};

/// Phi(-t), the normal distribution
/// for t >= 0 on so many segments; zero from 5.6 on.
template <class Arch, int Segments> struct GeluTable;
template <class Arch> struct GeluTable<Arch, 8> {
  static constexpr int kSegments = 8;
  static constexpr float kScale = 0x1.28af8ap+0f;
  static constexpr int kDegree = 8;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1p-1f, 0x1.8d873ap-3f, 0x1.59af3ep-5f, 0x1.3bc6f2p-8f, 0x1.2451aap-12f, 0x1.0c9522p-17f,
     0x1.e3b5c2p-24f, 0x0p+0f},
    {-0x1.607ecep-2f, -0x1.e5db9p-3f, -0x1.3e10bp-4f, -0x1.8b9488p-7f, -0x1.d3576ep-11f, -0x1.063b62p-15f,
     -0x1.178b42p-21f, 0x0p+0f},
    {-0x1.b21e02p-27f, 0x1.69bd42p-4f, 0x1.d99f82p-5f, 0x1.b9c962p-7f, 0x1.5bf3fp-10f, 0x1.e81afp-15f,
     0x1.383624p-20f, 0x0p+0f},
    {0x1.5dee08p-5f, 0x1.ecddbap-8f, -0x1.384cbp-6f, -0x1.17d708p-7f, -0x1.3c6be4p-10f, -0x1.1e92c4p-14f,
     -0x1.bf8b92p-20f, 0x0p+0f},
    {-0x1.fb9914p-20f, -0x1.94f6ep-7f, -0x1.49341cp-14f, 0x1.95c32cp-9f, 0x1.80d85ap-11f, 0x1.d8ceccp-15f,
     0x1.cca928p-20f, 0x0p+0f},
    {-0x1.37fc3ep-8f, 0x1.05bbe4p-10f, 0x1.1a1ebap-9f, -0x1.c1bc4p-12f, -0x1.3d34e8p-12f, -0x1.1ffe88p-15f,
     -0x1.695084p-20f, 0x0p+0f},
    {-0x1.0d742cp-15f, 0x1.208ceep-10f, -0x1.137704p-11f, -0x1.34f7ap-13f, 0x1.42c188p-14f, 0x1.0814b4p-16f,
     0x1.c5496cp-21f, 0x0p+0f},
    {0x1.fbfdb2p-12f, -0x1.98bd1p-13f, -0x1.51f5c6p-14f, 0x1.5de36p-14f, -0x1.5d83a8p-18f, -0x1.67a0f4p-18f,
     -0x1.d22f4cp-22f, 0x0p+0f},
    {-0x1.134948p-14f, -0x1.0b44dcp-14f, 0x1.c2330ap-15f, -0x1.9055a2p-17f, -0x1.ca97aap-19f, 0x1.31190ap-20f,
     0x1.3462e2p-23f, 0x0p+0f},
  };
};
template <class Arch> struct GeluTable<Arch, 32> {
  static constexpr int kSegments = 32;
  static constexpr float kScale = 0x1.5c7508p+2f;
  static constexpr int kDegree = 5;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1p-1f, 0x1.b56384p-2f, 0x1.6d3edep-2f, 0x1.29cbdcp-2f, 0x1.d9a4aep-3f, 0x1.6f0bfap-3f,
     0x1.14f3d6p-3f, 0x1.96a63p-4f, 0x1.2249b8p-4f, 0x1.92c33p-5f, 0x1.0f659p-5f, 0x1.631cd2p-6f,
     0x1.c2f51ap-7f, 0x1.15cd28p-7f, 0x1.4bf6c2p-8f, 0x1.80a498p-9f, 0x1.b00cp-10f, 0x1.d65876p-11f,
     0x1.f02c3ep-12f, 0x1.fb1cb4p-13f, 0x1.f61188p-14f, 0x1.e172aep-15f, 0x1.bf1aa2p-16f, 0x1.920f6ep-17f,
     0x1.5e116p-18f, 0x1.27167p-19f, 0x1.e197dcp-21f, 0x1.7c67bp-22f, 0x1.22d5fp-23f, 0x1.ae69fp-25f,
     0x1.343b02p-26f, 0x0p+0f},
    {-0x1.2c1fb8p-4f, -0x1.271abp-4f, -0x1.188b1cp-4f, -0x1.01dab4p-4f, -0x1.ca4706p-5f, -0x1.89bbc2p-5f,
     -0x1.470f0cp-5f, -0x1.06a9c2p-5f, -0x1.97e604p-6f, -0x1.3236cp-6f, -0x1.bc8174p-7f, -0x1.37ecaep-7f,
     -0x1.a7412p-8f, -0x1.15a264p-8f, -0x1.6025c2p-9f, -0x1.afd7c4p-10f, -0x1.0001p-10f, -0x1.257578p-11f,
     -0x1.453c38p-12f, -0x1.5c7ef2p-13f, -0x1.69089p-14f, -0x1.699d8ep-15f, -0x1.5e2f18p-16f, -0x1.47dd78p-17f,
     -0x1.28c94ep-18f, -0x1.03bdfap-19f, -0x1.b78ff6p-21f, -0x1.679952p-22f, -0x1.1c6c7ep-23f, -0x1.b30102p-25f,
     -0x1.419e2cp-26f, 0x0p+0f},
    {-0x1.dd5448p-32f, 0x1.3e8e5cp-10f, 0x1.2ed69p-9f, 0x1.a184dep-9f, 0x1.eeb266p-9f, 0x1.09a3c8p-8f,
     0x1.08c9bp-8f, 0x1.f030b6p-9f, 0x1.b8509cp-9f, 0x1.73de32p-9f, 0x1.2be50ep-9f, 0x1.cefb52p-10f,
     0x1.56ab2cp-10f, 0x1.e702a2p-11f, 0x1.4c9de4p-11f, 0x1.b506ecp-12f, 0x1.14594cp-12f, 0x1.50942cp-13f,
     0x1.8af762p-14f, 0x1.beb9aap-15f, 0x1.e72746p-16f, 0x1.002acap-16f, 0x1.03e18ep-17f, 0x1.fcc0dp-19f,
     0x1.e08c7p-20f, 0x1.b616cp-21f, 0x1.8183cep-22f, 0x1.4782ecp-23f, 0x1.0ca2eep-24f, 0x1.a9873cp-26f,
     0x1.457526p-27f, 0x0p+0f},
    {0x1.aff85ep-12f, 0x1.9a69c4p-12f, 0x1.5d4ca4p-12f, 0x1.0273c4p-12f, 0x1.2f9632p-13f, 0x1.631e0ep-15f,
     -0x1.93b6a4p-15f, -0x1.edafeap-14f, -0x1.5432d4p-13f, -0x1.7dc35ep-13f, -0x1.7b99bp-13f, -0x1.59e334p-13f,
     -0x1.25c034p-13f, -0x1.d59f16p-14f, -0x1.63890ep-14f, -0x1.00007ep-14f, -0x1.5fb0c6p-15f, -0x1.cdeba4p-16f,
     -0x1.22836ep-16f, -0x1.5e6be8p-17f, -0x1.95c24cp-18f, -0x1.c36896p-19f, -0x1.e2d6ap-20f, -0x1.f0d7fep-21f,
     -0x1.ec15aap-22f, -0x1.d54b88p-23f, -0x1.af1e6p-24f, -0x1.7d9e72p-25f, -0x1.4595f2p-26f, -0x1.0bcc84p-27f,
     -0x1.a8cc9p-29f, 0x0p+0f},
    {-0x1.5586f8p-27f, -0x1.534c88p-17f, -0x1.379342p-16f, -0x1.9453bcp-16f, -0x1.b53208p-16f, -0x1.9bb292p-16f,
     -0x1.53e79cp-16f, -0x1.e0d45cp-17f, -0x1.0ac346p-17f, -0x1.209f7cp-19f, 0x1.3fa2f8p-19f, 0x1.67241p-18f,
     0x1.c90e9ap-18f, 0x1.d89c3ap-18f, 0x1.afe544p-18f, 0x1.68c9d2p-18f, 0x1.1844a6p-18f, 0x1.98ffbp-19f,
     0x1.1a1c6ep-19f, 0x1.71836p-20f, 0x1.ccfc24p-21f, 0x1.1285d6p-21f, 0x1.38b6d4p-22f, 0x1.552d86p-23f,
     0x1.64ec38p-24f, 0x1.665f22p-25f, 0x1.599e2ap-26f, 0x1.405d7cp-27f, 0x1.1d938cp-28f, 0x1.e9d9d4p-30f,
     0x1.946144p-31f, 0x0p+0f},
    {-0x1.1614cp-19f, -0x1.fff944p-20f, -0x1.7fc8ap-20f, -0x1.951cecp-21f, -0x1.b70968p-26f, 0x1.4a772ap-21f,
     0x1.1d8164p-20f, 0x1.550416p-20f, 0x1.4e9bcp-20f, 0x1.192e42p-20f, 0x1.93292cp-21f, 0x1.d1938cp-22f,
     0x1.4bef98p-23f, -0x1.c5d94p-25f, -0x1.81bd5p-23f, -0x1.f8d0d8p-23f, -0x1.ff1bp-23f, -0x1.c162eep-23f,
     -0x1.65eef4p-23f, -0x1.079bbep-23f, -0x1.6b3e7ap-24f, -0x1.d7b512p-25f, -0x1.22139p-25f, -0x1.53179ep-26f,
     -0x1.79bfa4p-27f, -0x1.91d526p-28f, -0x1.98d2d2p-29f, -0x1.8e51a2p-30f, -0x1.740956p-31f, -0x1.4d68e8p-32f,
     -0x1.1ee602p-33f, 0x0p+0f},
  };
};

/// 1 / (1 + e^(2 sqrt(2/pi) (t + 0.044715 t^3)))
/// for t >= 0 on so many segments; zero from 5.0 on.
template <class Arch, int Segments> struct GeluTanhTable;
template <class Arch> struct GeluTanhTable<Arch, 8> {
  static constexpr int kSegments = 8;
  static constexpr float kScale = 0x1.4c49bap+0f;
  static constexpr int kDegree = 8;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1p-1f, 0x1.c3d66cp-3f, 0x1.fa5e88p-5f, 0x1.5032e2p-7f, 0x1.dadd9p-11f, 0x1.2fe94ap-15f,
     0x1.241562p-21f, 0x0p+0f},
    {-0x1.3aba5cp-2f, -0x1.d36868p-3f, -0x1.810822p-4f, -0x1.5f1d22p-6f, -0x1.4b94aap-9f, -0x1.17539ap-13f,
     -0x1.5b1746p-19f, 0x0p+0f},
    {-0x1.5984eap-28f, 0x1.15b37ep-4f, 0x1.c5f49p-5f, 0x1.3a0836p-6f, 0x1.a03348p-9f, 0x1.dc41eap-13f,
     0x1.870498p-18f, 0x0p+0f},
    {0x1.f49c58p-6f, 0x1.26c844p-7f, -0x1.9d105p-7f, -0x1.2a5e1cp-7f, -0x1.2fd4b4p-9f, -0x1.eeeb32p-13f,
     -0x1.146288p-17f, 0x0p+0f},
    {-0x1.9239bap-21f, -0x1.0a19b6p-7f, -0x1.a81aacp-10f, 0x1.12cc2p-9f, 0x1.12d816p-10f, 0x1.59123ep-13f,
     0x1.111332p-17f, 0x0p+0f},
    {-0x1.6a6546p-9f, 0x1.aaeb46p-13f, 0x1.87e51cp-10f, 0x1.7ffd08p-15f, -0x1.20618p-12f, -0x1.4c0f98p-14f,
     -0x1.8cfc88p-18f, 0x0p+0f},
    {-0x1.a64ddap-17f, 0x1.500e82p-11f, -0x1.90de34p-13f, -0x1.595718p-13f, 0x1.752ee8p-16f, 0x1.a9dca4p-16f,
     0x1.b38f82p-19f, 0x0p+0f},
    {0x1.d609a8p-13f, -0x1.26fcaep-14f, -0x1.234766p-14f, 0x1.3b49cap-15f, 0x1.69744ep-17f, -0x1.272db4p-18f,
     -0x1.67032ap-20f, 0x0p+0f},
    {-0x1.a34be6p-16f, -0x1.2fb60ap-15f, 0x1.9ac5aep-16f, -0x1.0b9cccp-23f, -0x1.e876a6p-19f, -0x1.31f4fep-26f,
     0x1.6e0d4ap-22f, 0x0p+0f},
  };
};
template <class Arch> struct GeluTanhTable<Arch, 32> {
  static constexpr int kSegments = 32;
  static constexpr float kScale = 0x1.8645a2p+2f;
  static constexpr int kDegree = 5;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1p-1f, 0x1.bd4efep-2f, 0x1.7c6414p-2f, 0x1.3ee1p-2f, 0x1.0623a2p-2f, 0x1.a65e92p-3f,
     0x1.4d4296p-3f, 0x1.016266p-3f, 0x1.84ecd6p-4f, 0x1.1f483ap-4f, 0x1.9ea54ep-5f, 0x1.242216p-5f,
     0x1.9183c8p-6f, 0x1.0cdf88p-6f, 0x1.5e8074p-7f, 0x1.bc2cecp-8f, 0x1.11382ep-8f, 0x1.45d11ap-9f,
     0x1.78071ep-10f, 0x1.a34cf2p-11f, 0x1.c2f54ep-12f, 0x1.d2f516p-13f, 0x1.d0af02p-14f, 0x1.bb9536p-15f,
     0x1.956f1ep-16f, 0x1.6224dep-17f, 0x1.271408p-18f, 0x1.d42b94p-20f, 0x1.60f094p-21f, 0x1.f8bd8ap-23f,
     0x1.55af72p-24f, 0x0p+0f},
    {-0x1.0bf7cp-4f, -0x1.085f1cp-4f, -0x1.fbbf1cp-5f, -0x1.da9c92p-5f, -0x1.afde18p-5f, -0x1.7e95b2p-5f,
     -0x1.4a019p-5f, -0x1.153228p-5f, -0x1.c5849ap-6f, -0x1.6953cep-6f, -0x1.185ae2p-6f, -0x1.a79a68p-7f,
     -0x1.377b14p-7f, -0x1.bd9798p-8f, -0x1.35ccb8p-8f, -0x1.a24e5p-9f, -0x1.11e83cp-9f, -0x1.5b705p-10f,
     -0x1.aa37ap-11f, -0x1.f8d5f8p-12f, -0x1.202c02p-12f, -0x1.3c86f2p-13f, -0x1.4de1c4p-14f, -0x1.5194fcp-15f,
     -0x1.468be8p-16f, -0x1.2d9f22p-17f, -0x1.098616p-18f, -0x1.bcb444p-20f, -0x1.61931cp-21f, -0x1.0a6768p-22f,
     -0x1.7bb762p-24f, 0x0p+0f},
    {-0x1.c2a5eap-33f, 0x1.c92e52p-11f, 0x1.b6cb6cp-10f, 0x1.33582ep-9f, 0x1.746a5ap-9f, 0x1.9bbcc2p-9f,
     0x1.a9658cp-9f, 0x1.a011aep-9f, 0x1.8449fcp-9f, 0x1.5b8d14p-9f, 0x1.2b7128p-9f, 0x1.f1e988p-10f,
     0x1.90237cp-10f, 0x1.372444p-10f, 0x1.d46714p-11f, 0x1.554758p-11f, 0x1.e124p-12f, 0x1.47d87cp-12f,
     0x1.af5e3cp-13f, 0x1.119b88p-13f, 0x1.4e1832p-14f, 0x1.87ffb8p-15f, 0x1.b924e8p-16f, 0x1.db451ep-17f,
     0x1.e94208p-18f, 0x1.e05586p-19f, 0x1.c0e0ep-20f, 0x1.8e89a4p-21f, 0x1.4f8a7ep-22f, 0x1.0b6358p-23f,
     0x1.929a84p-25f, 0x0p+0f},
    {0x1.34fd28p-12f, 0x1.287206p-12f, 0x1.04839p-12f, 0x1.9beecp-13f, 0x1.1797acp-13f, 0x1.17e694p-14f,
     0x1.062e4p-18f, -0x1.9e4dap-15f, -0x1.779074p-14f, -0x1.e37492p-14f, -0x1.0af526p-13f, -0x1.0c024p-13f,
     -0x1.f5f2ap-14f, -0x1.bc777cp-14f, -0x1.77186ap-14f, -0x1.2f17b6p-14f, -0x1.d634cep-15f, -0x1.5e88e4p-15f,
     -0x1.f6643ap-16f, -0x1.59e2b4p-16f, -0x1.c91a52p-17f, -0x1.217cf8p-17f, -0x1.5edfcp-18f, -0x1.964098p-19f,
     -0x1.c085dep-20f, -0x1.d7543cp-21f, -0x1.d6903cp-22f, -0x1.bd868ep-23f, -0x1.8f4c92p-24f, -0x1.5226bp-25f,
     -0x1.0e1a78p-26f, 0x0p+0f},
    {-0x1.430378p-28f, -0x1.8c0dcep-18f, -0x1.717068p-17f, -0x1.ec6e24p-17f, -0x1.14f14p-16f, -0x1.13ba06p-16f,
     -0x1.ed3b32p-17f, -0x1.8b1864p-17f, -0x1.14891p-17f, -0x1.389ae2p-18f, -0x1.88e8a2p-20f, 0x1.1f9728p-20f,
     0x1.7d85dcp-19f, 0x1.043166p-18f, 0x1.1fa9e6p-18f, 0x1.1b4734p-18f, 0x1.017e66p-18f, 0x1.b75f16p-19f,
     0x1.62d58cp-19f, 0x1.106714p-19f, 0x1.8e4bd2p-20f, 0x1.15679ep-20f, 0x1.6ff20ep-21f, 0x1.d03fc6p-22f,
     0x1.163e42p-22f, 0x1.3c6574p-23f, 0x1.54c76p-24f, 0x1.5b1aecp-25f, 0x1.4dcfb8p-26f, 0x1.2e9ddp-27f,
     0x1.022f6ap-28f, 0x0p+0f},
    {-0x1.4328dp-20f, -0x1.2e23dep-20f, -0x1.e02e6ep-21f, -0x1.2a93fap-21f, -0x1.6f57cp-23f, 0x1.a2d65ep-23f,
     0x1.04ca6ap-21f, 0x1.65beccp-21f, 0x1.8754e6p-21f, 0x1.72082p-21f, 0x1.36610ap-21f, 0x1.ce2f58p-22f,
     0x1.2922fcp-22f, 0x1.29aea4p-23f, 0x1.e4a40cp-26f, -0x1.b2ebeep-25f, -0x1.aaea34p-24f, -0x1.078f8ap-23f,
     -0x1.0fdbcap-23f, -0x1.f704fap-24f, -0x1.acfe04p-24f, -0x1.5574f8p-24f, -0x1.fe4562p-25f, -0x1.66da8ap-25f,
     -0x1.db7e58p-26f, -0x1.28c5a6p-26f, -0x1.5ccf48p-27f, -0x1.81b4bp-28f, -0x1.90db7ap-29f, -0x1.871c42p-30f,
     -0x1.65cfe6p-31f, 0x0p+0f},
  };
};
// clang-format on
} // namespace tessera::kernels
