// Coefficients of piecewise functions in MathCore.h; written by lib/kernels/piecewise_tables.py.
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
    {-0x1.b851c4p-25f, -0x1.b0976cp-5f, -0x1.66d738p-4f, -0x1.98793ep-4f, -0x1.87e084p-4f, -0x1.584dc6p-4f,
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
    {-0x1.01c328p-17f, 0x1.a6d5ep-9f, 0x1.02b98cp-8f, 0x1.636b36p-9f, 0x1.3dec2cp-10f, 0x1.0174e6p-12f,
     -0x1.9fc05p-13f, -0x1.6001eep-12f, -0x1.5f91eap-12f, -0x1.2ce3eap-12f, -0x1.e2ce66p-13f, -0x1.787e5ap-13f,
     -0x1.22787cp-13f, -0x1.bfb514p-14f, -0x1.5a80dp-14f, -0x1.0e224ap-14f, -0x1.a8f2a8p-15f, -0x1.517812p-15f,
     -0x1.0ea2ap-15f, -0x1.b64774p-16f, -0x1.6631d2p-16f, -0x1.27560ap-16f, -0x1.eb1318p-17f, -0x1.9b73eep-17f,
     -0x1.5b3edcp-17f, -0x1.270a18p-17f, -0x1.f8848ep-18f, -0x1.b1e346p-18f, -0x1.772e08p-18f, -0x1.461096p-18f,
     -0x1.1cb9a8p-18f, -0x1.f37696p-19f},
    {0x1.01effap-10f, 0x1.172f92p-11f, -0x1.15a82cp-13f, -0x1.9e674ep-12f, -0x1.4d8d98p-12f, -0x1.61c54p-13f,
     -0x1.0e912ep-14f, -0x1.9d1e2cp-17f, 0x1.184392p-17f, 0x1.d6a176p-17f, 0x1.cbd432p-17f, 0x1.81aebap-17f,
     0x1.2f88ecp-17f, 0x1.d04478p-18f, 0x1.5ef692p-18f, 0x1.08b2a2p-18f, 0x1.907b8p-19f, 0x1.30d4bcp-19f,
     0x1.d3c0c8p-20f, 0x1.6a15aap-20f, 0x1.1ae8bcp-20f, 0x1.be4076p-21f, 0x1.633316p-21f, 0x1.1d3e48p-21f,
     0x1.ce060cp-22f, 0x1.7931ep-22f, 0x1.36473ap-22f, 0x1.010dc4p-22f, 0x1.acc5p-23f, 0x1.67d76ap-23f,
     0x1.2fc586p-23f, 0x1.01dac8p-23f},
    {-0x1.9be488p-15f, -0x1.252822p-13f, -0x1.a8bc68p-14f, -0x1.1b0ce8p-17f, 0x1.efb784p-16f, 0x1.bf7d5ap-16f,
     0x1.f7cd4ep-17f, 0x1.b99346p-18f, 0x1.290adep-19f, 0x1.662e32p-22f, -0x1.6aa5f2p-22f, -0x1.0aa212p-21f,
     -0x1.f4742cp-22f, -0x1.99e052p-22f, -0x1.3ca7d6p-22f, -0x1.dc3c2cp-23f, -0x1.6208eep-23f, -0x1.067068p-23f,
     -0x1.85f14cp-24f, -0x1.233abp-24f, -0x1.b61f2ep-25f, -0x1.4c442p-25f, -0x1.fc6694p-26f, -0x1.8872bp-26f,
     -0x1.31a736p-26f, -0x1.e0462ep-27f, -0x1.7c8498p-27f, -0x1.2fec54p-27f, -0x1.e93b5ep-28f, -0x1.8ca3cap-28f,
     -0x1.43cb2p-28f, -0x1.0a0c26p-28f},
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
    {0x1.90b4d2p-29f, -0x1.96ab9ep-3f, -0x1.e3cc8cp-3f, -0x1.60aebcp-3f, -0x1.bdf2b4p-4f, -0x1.2201f2p-4f,
     -0x1.933f04p-5f, -0x1.28465p-5f},
    {-0x1.ea8f5ep-4f, -0x1.01026cp-4f, 0x1.2014a4p-6f, 0x1.2ea67ep-5f, 0x1.99de08p-6f, 0x1.cbe734p-7f,
     0x1.0cb4fep-7f, 0x1.52987ep-8f},
    {0x1.4db1f8p-20f, 0x1.fdc08cp-6f, 0x1.18bc66p-6f, -0x1.98cc84p-10f, -0x1.2b5908p-8f, -0x1.5f92eap-9f,
     -0x1.6511e6p-10f, -0x1.82ebccp-11f},
    {0x1.7697dcp-7f, 0x1.b36f96p-10f, -0x1.931e26p-8f, -0x1.40b7f6p-9f, 0x1.3c56c4p-12f, 0x1.d87a1p-12f,
     0x1.d3bd4ap-13f, 0x1.b9cefp-14f},
    {0x1.3286d4p-15f, -0x1.705aacp-9f, -0x1.0fc49ep-16f, 0x1.e2d2eep-11f, 0x1.91f266p-13f, -0x1.8c7db2p-15f,
     -0x1.21f31ep-15f, -0x1.f685e6p-17f},
    {-0x1.f2f32ap-11f, 0x1.25cfcp-13f, 0x1.d8c7bap-12f, -0x1.581d72p-14f, -0x1.78bbd8p-14f, -0x1.c1e52ap-18f,
     0x1.25491p-18f, 0x1.1aef32p-19f},
    {0x1.b2d2a4p-14f, 0x1.699a3ep-13f, -0x1.35b4bcp-14f, -0x1.3d842ap-15f, 0x1.1c4154p-16f, 0x1.53e488p-18f,
     -0x1.85490ep-23f, -0x1.276d92p-22f},
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
    {0x1.5ee362p-30f, -0x1.8c5494p-7f, -0x1.80f7c4p-6f, -0x1.13298cp-5f, -0x1.573f18p-5f, -0x1.8a5fdp-5f,
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
    {0x1.46c57cp-24f, 0x1.e894d4p-14f, 0x1.ccf84p-13f, 0x1.399124p-12f, 0x1.6c1c4ep-12f, 0x1.7be6bp-12f,
     0x1.6ba2b8p-12f, 0x1.41dbdep-12f, 0x1.07561ap-12f, 0x1.8a9748p-13f, 0x1.07da4ap-13f, 0x1.258e1ep-14f,
     0x1.96ae8ep-16f, -0x1.51c88ep-17f, -0x1.176b88p-15f, -0x1.8a517ap-15f, -0x1.be7d9cp-15f, -0x1.c5eeb8p-15f,
     -0x1.b0ab8cp-15f, -0x1.8b750ep-15f, -0x1.5f7dd4p-15f, -0x1.32c6e4p-15f, -0x1.08cb7cp-15f, -0x1.c6757ep-16f,
     -0x1.85372cp-16f, -0x1.4d946p-16f, -0x1.1e9d2cp-16f, -0x1.ee4a42p-17f, -0x1.abfeccp-17f, -0x1.74372p-17f,
     -0x1.451fc8p-17f, -0x1.1d3396p-17f},
    {0x1.f0eceap-16f, 0x1.d5b8a6p-16f, 0x1.854332p-16f, 0x1.0e620ep-16f, 0x1.088c3ap-17f, -0x1.1a0b5ep-22f,
     -0x1.e66934p-18f, -0x1.9dee24p-17f, -0x1.fe60c4p-17f, -0x1.0bba14p-16f, -0x1.f6328ep-17f, -0x1.ad423cp-17f,
     -0x1.502538p-17f, -0x1.df6adap-18f, -0x1.303e42p-18f, -0x1.41701ap-19f, -0x1.ad2a24p-21f, 0x1.2c6f1cp-22f,
     0x1.f18842p-21f, 0x1.4ed32cp-20f, 0x1.68e5dcp-20f, 0x1.5e08dcp-20f, 0x1.3f7aap-20f, 0x1.18dab2p-20f,
     0x1.e27986p-21f, 0x1.98d54ep-21f, 0x1.580f6ep-21f, 0x1.20e5c4p-21f, 0x1.e58ff6p-22f, 0x1.992f6ap-22f,
     0x1.5a29b8p-22f, 0x1.2625bp-22f},
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
    {-0x1.b1593cp-27f, 0x1.69bd42p-4f, 0x1.d99f82p-5f, 0x1.b9c962p-7f, 0x1.5bf3fp-10f, 0x1.e81afp-15f,
     0x1.383624p-20f, 0x0p+0f},
    {0x1.5dee08p-5f, 0x1.ecddbap-8f, -0x1.384cbp-6f, -0x1.17d708p-7f, -0x1.3c6be4p-10f, -0x1.1e92c4p-14f,
     -0x1.bf8b92p-20f, 0x0p+0f},
    {-0x1.fb27bep-20f, -0x1.94f6ep-7f, -0x1.49341cp-14f, 0x1.95c32cp-9f, 0x1.80d85ap-11f, 0x1.d8ceccp-15f,
     0x1.cca928p-20f, 0x0p+0f},
    {-0x1.37fc58p-8f, 0x1.05bbe4p-10f, 0x1.1a1ebap-9f, -0x1.c1bc4p-12f, -0x1.3d34e8p-12f, -0x1.1ffe88p-15f,
     -0x1.695084p-20f, 0x0p+0f},
    {-0x1.0d59dap-15f, 0x1.208ceep-10f, -0x1.137704p-11f, -0x1.34f7ap-13f, 0x1.42c188p-14f, 0x1.0814b4p-16f,
     0x1.c5496cp-21f, 0x0p+0f},
    {0x1.fbfa1cp-12f, -0x1.98bd1p-13f, -0x1.51f5c6p-14f, 0x1.5de36p-14f, -0x1.5d83a8p-18f, -0x1.67a0f4p-18f,
     -0x1.d22f4cp-22f, 0x0p+0f},
    {-0x1.1342e4p-14f, -0x1.0b44dcp-14f, 0x1.c2330ap-15f, -0x1.9055a2p-17f, -0x1.ca97aap-19f, 0x1.31190ap-20f,
     0x1.3462e2p-23f, 0x0p+0f},
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
    {-0x1.596844p-28f, 0x1.15b37ep-4f, 0x1.c5f49p-5f, 0x1.3a0836p-6f, 0x1.a03348p-9f, 0x1.dc41eap-13f,
     0x1.870498p-18f, 0x0p+0f},
    {0x1.f49c58p-6f, 0x1.26c844p-7f, -0x1.9d105p-7f, -0x1.2a5e1cp-7f, -0x1.2fd4b4p-9f, -0x1.eeeb32p-13f,
     -0x1.146288p-17f, 0x0p+0f},
    {-0x1.922b0ep-21f, -0x1.0a19b6p-7f, -0x1.a81aacp-10f, 0x1.12cc2p-9f, 0x1.12d816p-10f, 0x1.59123ep-13f,
     0x1.111332p-17f, 0x0p+0f},
    {-0x1.6a654ap-9f, 0x1.aaeb46p-13f, 0x1.87e51cp-10f, 0x1.7ffd08p-15f, -0x1.20618p-12f, -0x1.4c0f98p-14f,
     -0x1.8cfc88p-18f, 0x0p+0f},
    {-0x1.a6485ap-17f, 0x1.500e82p-11f, -0x1.90de34p-13f, -0x1.595718p-13f, 0x1.752ee8p-16f, 0x1.a9dca4p-16f,
     0x1.b38f82p-19f, 0x0p+0f},
    {0x1.d60956p-13f, -0x1.26fcaep-14f, -0x1.234766p-14f, 0x1.3b49cap-15f, 0x1.69744ep-17f, -0x1.272db4p-18f,
     -0x1.67032ap-20f, 0x0p+0f},
    {-0x1.a34af4p-16f, -0x1.2fb60ap-15f, 0x1.9ac5acp-16f, -0x1.0b9cd4p-23f, -0x1.e876a6p-19f, -0x1.31f5p-26f,
     0x1.6e0d4ap-22f, 0x0p+0f},
  };
};

/// The root of Phi(-t), the normal distribution,
/// for t >= 0 on so many segments; zero from 5.6 on.
template <class Arch, int Segments> struct GeluRootTable;
template <class Arch> struct GeluRootTable<Arch, 32> {
  static constexpr int kSegments = 32;
  static constexpr float kScale = 0x1.5c7508p+2f;
  static constexpr int kDegree = 3;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1.6a09e6p-1f, 0x1.6a093ep-1f, 0x1.6a0176p-1f, 0x1.69f774p-1f, 0x1.6a220ap-1f, 0x1.6b0348p-1f,
     0x1.6d6762p-1f, 0x1.72418ep-1f, 0x1.7a6e2p-1f, 0x1.8668bp-1f, 0x1.960b04p-1f, 0x1.a86752p-1f,
     0x1.bbcb9ap-1f, 0x1.cdef78p-1f, 0x1.dc43f8p-1f, 0x1.e456bep-1f, 0x1.e42ffp-1f, 0x1.da9f76p-1f,
     0x1.c76446p-1f, 0x1.ab2e66p-1f, 0x1.877c76p-1f, 0x1.5e5f1cp-1f, 0x1.322f18p-1f, 0x1.0543b8p-1f,
     0x1.b36a1cp-2f, 0x1.62618ap-2f, 0x1.19c814p-2f, 0x1.b5e4fp-3f, 0x1.4c944ap-3f, 0x1.edee3ep-4f,
     0x1.66b422p-4f, 0x0p+0f},
    {-0x1.20dd08p-2f, -0x1.20bbc8p-2f, -0x1.2012c8p-2f, -0x1.1f8748p-2f, -0x1.210336p-2f, -0x1.274dd8p-2f,
     -0x1.35653ep-2f, -0x1.4dabf4p-2f, -0x1.712de4p-2f, -0x1.9f256p-2f, -0x1.d4de9cp-2f, -0x1.06fef4p-1f,
     -0x1.228e2ap-1f, -0x1.3a4a5ep-1f, -0x1.4babb4p-1f, -0x1.54d02ep-1f, -0x1.54b3fep-1f, -0x1.4b4842p-1f,
     -0x1.395fdep-1f, -0x1.20807cp-1f, -0x1.02a122p-1f, -0x1.c3c778p-2f, -0x1.80a9fcp-2f, -0x1.3f7572p-2f,
     -0x1.02e9eep-2f, -0x1.99c6dcp-3f, -0x1.3cc2bp-3f, -0x1.de9368p-4f, -0x1.6170c6p-4f, -0x1.fe8e8ap-5f,
     -0x1.68c25ep-5f, 0x0p+0f},
    {-0x1.cda028p-5f, -0x1.d6a93p-5f, -0x1.ea2252p-5f, -0x1.f44ab8p-5f, -0x1.e29daep-5f, -0x1.a6858ep-5f,
     -0x1.37a53ap-5f, -0x1.2b1886p-6f, 0x1.c2116ap-8f, 0x1.2394b6p-5f, 0x1.0cebcp-4f, 0x1.83714p-4f,
     0x1.ebebdcp-4f, 0x1.1f6128p-3f, 0x1.3b7deap-3f, 0x1.494c66p-3f, 0x1.4936a2p-3f, 0x1.3cd6d4p-3f,
     0x1.269a32p-3f, 0x1.095bfap-3f, 0x1.d00ba8p-4f, 0x1.8a8426p-4f, 0x1.468cf2p-4f, 0x1.0771a8p-4f,
     0x1.9eab34p-5f, 0x1.3e9c8ap-5f, 0x1.de502p-6f, 0x1.5ef1b6p-6f, 0x1.f7a14p-7f, 0x1.618e6ap-7f,
     0x1.e5d9eep-8f, 0x0p+0f},
    {0x1.a8f65cp-6f, 0x1.e06d2p-6f, 0x1.0896b4p-5f, 0x1.107f0ep-5f, 0x1.07b624p-5f, 0x1.df7fd8p-6f,
     0x1.96b36cp-6f, 0x1.3c6a98p-6f, 0x1.b1df7ep-7f, 0x1.d1f1dcp-8f, 0x1.65fd08p-10f, -0x1.dd081p-9f,
     -0x1.f6a78ep-8f, -0x1.5bb906p-7f, -0x1.985d58p-7f, -0x1.b42b58p-7f, -0x1.b423f6p-7f, -0x1.9e775cp-7f,
     -0x1.79a512p-7f, -0x1.4bcc2p-7f, -0x1.1a305ep-7f, -0x1.d1edc8p-8f, -0x1.7626c2p-8f, -0x1.24b5f2p-8f,
     -0x1.bebf26p-9f, -0x1.4ce0f4p-9f, -0x1.e4c1c6p-10f, -0x1.5925f4p-10f, -0x1.e0e09ep-11f, -0x1.47e948p-11f,
     -0x1.b5eeecp-12f, 0x0p+0f},
  };
};

/// The root of 1 / (1 + e^(2 sqrt(2/pi) (t + 0.044715 t^3)))
/// for t >= 0 on so many segments; zero from 5.0 on.
template <class Arch, int Segments> struct GeluTanhRootTable;
template <class Arch> struct GeluTanhRootTable<Arch, 32> {
  static constexpr int kSegments = 32;
  static constexpr float kScale = 0x1.8645a2p+2f;
  static constexpr int kDegree = 3;
  alignas(64) static constexpr float kCoefficients[kDegree + 1][kSegments] = {
    {0x1.6a09e6p-1f, 0x1.6a0978p-1f, 0x1.6a04p-1f, 0x1.69fa3cp-1f, 0x1.6a0972p-1f, 0x1.6a7ccap-1f,
     0x1.6bcf66p-1f, 0x1.6e9b24p-1f, 0x1.7377fp-1f, 0x1.7ad5b2p-1f, 0x1.84dd1ep-1f, 0x1.915f94p-1f,
     0x1.9fd7dcp-1f, 0x1.af75bp-1f, 0x1.bf2fe8p-1f, 0x1.cdd32ap-1f, 0x1.da0e88p-1f, 0x1.e28062p-1f,
     0x1.e5cabp-1f, 0x1.e2a2f8p-1f, 0x1.d80e54p-1f, 0x1.c576a6p-1f, 0x1.aadc2cp-1f, 0x1.88eadp-1f,
     0x1.60f894p-1f, 0x1.34e89ap-1f, 0x1.06f46p-1f, 0x1.b2cfb6p-2f, 0x1.5cb77p-2f, 0x1.0ef6f8p-2f,
     0x1.978f3cp-3f, 0x0p+0f},
    {-0x1.20dd26p-2f, -0x1.20c4a4p-2f, -0x1.204076p-2f, -0x1.1fac76p-2f, -0x1.20404ep-2f, -0x1.23da2p-2f,
     -0x1.2c93c8p-2f, -0x1.3c3d38p-2f, -0x1.53e40cp-2f, -0x1.738adcp-2f, -0x1.9a20f4p-2f, -0x1.c5b2d2p-2f,
     -0x1.f3bb48p-2f, -0x1.10b9fap-1f, -0x1.260d02p-1f, -0x1.388926p-1f, -0x1.46fe82p-1f, -0x1.5061eap-1f,
     -0x1.53d9a2p-1f, -0x1.50c2aap-1f, -0x1.46dd8ep-1f, -0x1.364deep-1f, -0x1.1fb25ep-1f, -0x1.041fd4p-1f,
     -0x1.ca18d8p-2f, -0x1.8853b6p-2f, -0x1.4669ep-2f, -0x1.0789ecp-2f, -0x1.9c8bp-3f, -0x1.38ba2cp-3f,
     -0x1.cac9aap-4f, 0x0p+0f},
    {-0x1.cd7fdcp-5f, -0x1.d4f10ap-5f, -0x1.e5e848p-5f, -0x1.f1a7e4p-5f, -0x1.ea2ff6p-5f, -0x1.c3bfc6p-5f,
     -0x1.76e828p-5f, -0x1.01d0d6p-5f, -0x1.a13e46p-7f, 0x1.34845ep-7f, 0x1.132abap-5f, 0x1.dd9378p-5f,
     0x1.5072eep-4f, 0x1.a9b6a2p-4f, 0x1.f6d516p-4f, 0x1.1a8bf4p-3f, 0x1.31566cp-3f, 0x1.3f418ap-3f,
     0x1.44211p-3f, 0x1.401846p-3f, 0x1.33c15ap-3f, 0x1.2015acp-3f, 0x1.06775ep-3f, 0x1.d13362p-4f,
     0x1.90ba9p-4f, 0x1.4f46b4p-4f, 0x1.103e86p-4f, 0x1.acc28ep-5f, 0x1.472cdap-5f, 0x1.e37cc2p-6f,
     0x1.59a9c8p-6f, 0x0p+0f},
    {0x1.aaac1p-6f, 0x1.ddb46ap-6f, 0x1.06837p-5f, 0x1.1082cep-5f, 0x1.0c7f4p-5f, 0x1.f6bd0ep-6f,
     0x1.be44aep-6f, 0x1.753f74p-6f, 0x1.2229c6p-6f, 0x1.96e0eap-7f, 0x1.dacd82p-8f, 0x1.427d88p-9f,
     -0x1.cc6332p-10f, -0x1.5b86dcp-8f, -0x1.0ac034p-7f, -0x1.50aacep-7f, -0x1.80936ap-7f, -0x1.9c17a4p-7f,
     -0x1.a53958p-7f, -0x1.9e333ap-7f, -0x1.89ae3cp-7f, -0x1.6a8686p-7f, -0x1.43d0b6p-7f, -0x1.18ad9cp-7f,
     -0x1.d82d7cp-8f, -0x1.8152a4p-8f, -0x1.30f2f6p-8f, -0x1.d3e1bcp-9f, -0x1.5bbe32p-9f, -0x1.f47d1ep-10f,
     -0x1.5c848p-10f, 0x0p+0f},
  };
};

/// 2^(i / 32).
template <class Arch> struct Exp2Table {
  alignas(64) static constexpr float kPowers[32] = {
    0x1p+0f, 0x1.059b0ep+0f, 0x1.0b5586p+0f, 0x1.11301ep+0f, 0x1.172b84p+0f, 0x1.1d4874p+0f,
    0x1.2387a6p+0f, 0x1.29e9ep+0f, 0x1.306fep+0f, 0x1.371a74p+0f, 0x1.3dea64p+0f, 0x1.44e086p+0f,
    0x1.4bfdaep+0f, 0x1.5342b6p+0f, 0x1.5ab07ep+0f, 0x1.6247ecp+0f, 0x1.6a09e6p+0f, 0x1.71f75ep+0f,
    0x1.7a1148p+0f, 0x1.82589ap+0f, 0x1.8ace54p+0f, 0x1.93737cp+0f, 0x1.9c4918p+0f, 0x1.a5503cp+0f,
    0x1.ae89fap+0f, 0x1.b7f77p+0f, 0x1.c199bep+0f, 0x1.cb720ep+0f, 0x1.d5818ep+0f, 0x1.dfc974p+0f,
    0x1.ea4afap+0f, 0x1.f50766p+0f};
};
// clang-format on
} // namespace tessera::kernels
