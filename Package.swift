// swift-tools-version: 6.2
import PackageDescription

/// The settings of every target; the reasons stand in docs/decisions.md.
let settings: [SwiftSetting] = [
    .swiftLanguageMode(.v6),
    .enableUpcomingFeature("ExistentialAny"),
    .enableUpcomingFeature("MemberImportVisibility"),
    .enableUpcomingFeature("InternalImportsByDefault"),
    .enableUpcomingFeature("NonisolatedNonsendingByDefault"),
    .strictMemorySafety(),
    .treatAllWarnings(as: .error),
    // A section for each function, so that the linker drops those that nothing calls: 1.3 MB of the stripped server.
    .unsafeFlags(["-Xfrontend", "-function-sections"], .when(platforms: [.linux], configuration: .release)),
]

let argumentParser: Target.Dependency = .product(name: "ArgumentParser", package: "swift-argument-parser")
let crypto: Target.Dependency = .product(name: "Crypto", package: "swift-crypto")

/// The functions that requests run, which the linker places side by side; Scripts/order-functions writes it.
let functionOrder = "functions.order"

/// How the server is linked for release on Linux: with Swift's runtime inside, without a table of its own symbols. It
/// runs where there is no Swift, and calls into the runtime go straight; docs/decisions.md has the figures.
let serverLink: [LinkerSetting] = [
    .unsafeFlags(
        [
            "-static-stdlib", "-l_FoundationCollections", "-l_FoundationCShims", "-use-ld=lld",
            "-Xlinker", "--no-export-dynamic", "-Xlinker", "--icf=all", "-Xlinker", "-z", "-Xlinker",
            "pack-relative-relocs", "-Xlinker",
            "--symbol-ordering-file=\(Context.packageDirectory)/Sources/brume/\(functionOrder)",
            "-Xlinker", "--no-warn-symbol-ordering",
        ], .when(platforms: [.linux], configuration: .release)),
    // In front of the C library, whose `malloc` it takes the place of for every library of the process.
    .unsafeFlags(["-lmimalloc"], .when(platforms: [.linux], configuration: .release, traits: ["Mimalloc"])),
]

/// For code that runs at a start and for commands, and hardly for a request: small before fast.
let coldSettings = settings + [.unsafeFlags(["-Osize"], .when(configuration: .release))]

/// A library of this package at Sources/<name>.
func library(_ name: String, _ dependencies: [Target.Dependency] = [], isCold: Bool = false) -> Target {
    .target(
        name: name, dependencies: dependencies, exclude: ["README.md"],
        swiftSettings: isCold ? coldSettings : settings)
}

/// A command of this package at Sources/<name>.
func command(
    _ name: String, path: String? = nil, exclude: [String] = [], _ dependencies: [Target.Dependency],
    link: [LinkerSetting] = [], isCold: Bool = false
) -> Target {
    .executableTarget(
        name: name, dependencies: dependencies, path: path, exclude: ["README.md"] + exclude,
        swiftSettings: isCold ? coldSettings : settings, linkerSettings: link)
}

/// The tests of a target, at Tests/<name>Tests.
func tests(
    _ name: String, path: String? = nil, exclude: [String] = [], _ dependencies: [Target.Dependency]
) -> Target {
    .testTarget(
        name: name + "Tests", dependencies: dependencies, path: path, exclude: exclude, swiftSettings: settings
    )
}

/// One AWS service: its model, generated, and its operations.
struct Service {
    var name: String
    /// Beside Primitives, ServiceModel, ServiceKit and KeyValue, which every service may use.
    var uses: [Target.Dependency] = []
    /// What the generated code binds shapes to.
    var modelUses: [Target.Dependency] = []
    /// Whether its requests take so long that reading and writing them does not count.
    var isModelCold = false
    /// The service whose target has this one's operations too, because both are about the same data.
    var servedBy: String?
}

let services = [
    Service(
        name: "DynamoDB",
        uses: ["DynamoDBStreamsModel", "DynamoDBValues", "Policy", "Signing", "Telemetry", "WireProtocols"],
        modelUses: ["DynamoDBValues"]
    ),
    Service(name: "DynamoDBStreams", modelUses: ["DynamoDBValues"], servedBy: "DynamoDB"),
    Service(name: "STS"),
    Service(name: "BedrockRuntime", uses: ["Inference", "Telemetry", "WireProtocols"], isModelCold: true),
]

let serviceTargets = services.flatMap { service -> [Target] in
    let model = Target.target(
        name: service.name + "Model",
        dependencies: ["Primitives", "ServiceModel"] + service.modelUses,
        path: "Sources/Services/\(service.name)/Generated",
        swiftSettings: service.isModelCold ? coldSettings : settings
    )
    if service.servedBy != nil { return [model] }
    let operations = Target.target(
        name: service.name + "Service",
        dependencies: ["Primitives", "ServiceModel", "ServiceKit", "KeyValue", .target(name: service.name + "Model")]
            + service.uses,
        path: "Sources/Services/\(service.name)/Service",
        exclude: ["README.md"],
        swiftSettings: settings
    )
    return [model, operations]
}

let package = Package(
    name: "brume",
    traits: [
        .trait(name: "Postgres", description: "The store that several nodes share; needs libpq."),
        .trait(name: "Mimalloc", description: "Microsoft's allocator instead of the C library's; needs libmimalloc."),
        .default(enabledTraits: ["Mimalloc", "Postgres"]),
    ],
    dependencies: [
        .package(url: "https://github.com/apple/swift-argument-parser", exact: "1.8.2"),
        .package(url: "https://github.com/apple/swift-asn1", exact: "1.7.4"),
        .package(url: "https://github.com/apple/swift-certificates", exact: "1.21.1"),
        .package(url: "https://github.com/apple/swift-crypto", exact: "4.5.2"),
        .package(url: "https://github.com/apple/swift-nio", exact: "2.101.2"),
        .package(url: "https://github.com/apple/swift-nio-http2", exact: "1.46.0"),
        .package(url: "https://github.com/apple/swift-nio-ssl", exact: "2.37.6"),
    ],
    targets: [
        // L0
        library("Primitives"),
        // L1
        library("ServiceModel", ["Primitives"]),
        library("KeyValue", ["Primitives"]),
        library("Signing", ["Primitives", crypto]),
        library("Policy", ["Primitives"]),
        library("Telemetry", ["Primitives"]),
        // L2
        .systemLibrary(name: "CRocksDB", path: "Sources/CRocksDB", providers: [.apt(["librocksdb-dev"])]),
        .systemLibrary(name: "CLibYAML", path: "Sources/CLibYAML", providers: [.apt(["libyaml-dev"])]),
        .systemLibrary(name: "CZlib", path: "Sources/CZlib", providers: [.apt(["zlib1g-dev"])]),
        .systemLibrary(name: "CAllocator", path: "Sources/CAllocator"),
        .systemLibrary(name: "CDeflate", path: "Sources/CDeflate", providers: [.apt(["libdeflate-dev"])]),
        .systemLibrary(name: "CZstd", path: "Sources/CZstd", providers: [.apt(["libzstd-dev"])]),
        .systemLibrary(
            name: "CPostgres", path: "Sources/CPostgres", pkgConfig: "libpq", providers: [.apt(["libpq-dev"])]),
        library("WireProtocols", ["ServiceModel", "Primitives", "CDeflate", "CZlib", "CZstd"]),
        library(
            "Upstream",
            [
                "Primitives",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        .target(name: "CRocksDBChecksum", exclude: ["README.md"]),
        library("RocksDBStore", ["KeyValue", "Primitives", "CRocksDB", "CRocksDBChecksum"]),
        library("PostgresStore", ["KeyValue", "Primitives", "CPostgres"]),
        .target(
            name: "DynamoDBValues", dependencies: ["Primitives", "ServiceModel", crypto],
            path: "Sources/Services/DynamoDB/Values", exclude: ["README.md"], swiftSettings: settings
        ),
        // L3
        library("ServiceKit", ["KeyValue", "Policy", "Primitives", "ServiceModel", "Signing", "Telemetry"]),
        library(
            "Inference",
            [
                "Primitives", "ServiceModel", "Upstream", "WireProtocols", crypto,
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        library("Containers", ["Primitives", "ServiceModel", "Telemetry", "Upstream", "WireProtocols"], isCold: true),
        // L5
        library(
            "Gateway",
            [
                "Primitives", "ServiceModel", "ServiceKit", "Signing", "Telemetry", "WireProtocols", crypto,
                .product(name: "X509", package: "swift-certificates"),
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
                .product(name: "SwiftASN1", package: "swift-asn1"),
            ]),
        // L6
        library(
            "Server",
            [
                "Primitives", "ServiceModel", "ServiceKit", "Signing", "Telemetry", "KeyValue", "RocksDBStore",
                .target(name: "PostgresStore", condition: .when(traits: ["Postgres"])), "Gateway",
                "DynamoDBModel", "DynamoDBService", "DynamoDBStreamsModel", "STSModel", "STSService",
                "BedrockRuntimeModel",
                "BedrockRuntimeService", "CAllocator", "Containers", "Inference", "CLibYAML", "Upstream",
            ], isCold: true),
        // L7
        command(
            "brume", exclude: [functionOrder], ["Containers", "Inference", "Primitives", "Server", argumentParser],
            link: serverLink, isCold: true),
        command("brume-modelgen", [argumentParser]),
        command(
            "Bench",
            [
                "Primitives", "ServiceModel", "Signing", "KeyValue", "WireProtocols", "RocksDBStore",
                .target(name: "PostgresStore", condition: .when(traits: ["Postgres"])),
                "DynamoDBModel", "DynamoDBValues", argumentParser,
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
            ]),
        command("StoreCrashProbe", ["KeyValue", "RocksDBStore"]),
        // What tests share
        library("KeyValueConformance", ["KeyValue", "Primitives"]),
        .target(
            name: "TestSupport", dependencies: ["Primitives"], path: "Tests/TestSupport", swiftSettings: settings),
        .target(
            name: "HostileModel", dependencies: ["Primitives", "ServiceModel"], path: "Tests/HostileModel",
            exclude: ["Model"], swiftSettings: settings
        ),
    ] + serviceTargets + [
        tests(
            "DynamoDBService",
            [
                "DynamoDBModel", "DynamoDBService", "DynamoDBStreamsModel", "DynamoDBValues", "KeyValue",
                "KeyValueConformance", "Policy", "Primitives", "RocksDBStore", "ServiceKit", "ServiceModel", "Signing",
                "Telemetry", "TestSupport", "WireProtocols",
            ]),
        tests(
            "Gateway",
            [
                "Gateway", "Policy", "Primitives", "ServiceKit", "ServiceModel", "Signing", "Telemetry", "TestSupport",
                .product(name: "NIOCore", package: "swift-nio"),
                .product(name: "NIOEmbedded", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"), .product(name: "NIOTLS", package: "swift-nio"),
                .product(name: "NIOHPACK", package: "swift-nio-http2"),
                .product(name: "NIOHTTP2", package: "swift-nio-http2"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        tests("KeyValue", ["KeyValue", "KeyValueConformance", "Primitives"]),
        tests(
            "ModelGenerator",
            [
                "HostileModel", "Primitives", "ServiceModel", "WireProtocols", "brume-modelgen",
            ]),
        tests("Policy", ["Policy", "Primitives"]),
        tests("Primitives", ["Primitives", "TestSupport"]),
        tests("PostgresStore", ["KeyValue", "KeyValueConformance", "PostgresStore", "Primitives"]),
        tests(
            "RocksDBStore",
            [
                "CRocksDBChecksum", "KeyValue", "KeyValueConformance", "Primitives", "RocksDBStore", "StoreCrashProbe",
                "TestSupport",
            ]),
        tests(
            "Server",
            [
                "BedrockRuntimeService", "Gateway", "KeyValue", "Primitives", "Server", "ServiceKit", "ServiceModel",
                "Signing", "Telemetry", "TestSupport",
            ]
        ),
        tests("Containers", ["Containers", "ServiceModel", "Telemetry", "Upstream", "WireProtocols"]),
        tests(
            "ServiceKit",
            ["KeyValue", "Policy", "Primitives", "ServiceKit", "ServiceModel", "Signing", "TestSupport"]),
        tests("Inference", ["Inference", "Primitives", "ServiceModel", "TestSupport", "WireProtocols"]),
        tests(
            "BedrockRuntimeService",
            [
                "BedrockRuntimeModel", "BedrockRuntimeService", "Inference", "KeyValue", "KeyValueConformance",
                "Primitives", "ServiceKit", "ServiceModel", "Telemetry", "TestSupport",
            ]),
        tests("STSService", ["Primitives", "STSModel", "STSService", "ServiceKit", "ServiceModel"]),
        tests(
            "ServiceModel",
            [
                "DynamoDBModel", "DynamoDBValues", "HostileModel", "Primitives", "ServiceModel", "TestSupport",
                "WireProtocols",
            ]),
        tests("Signing", ["Primitives", "Signing", "TestSupport"]),
        tests("Telemetry", ["Primitives", "Telemetry", "TestSupport"]),
        tests("Tidy", []),
        tests(
            "Upstream",
            [
                "Gateway", "Primitives", "TestSupport", "Upstream",
                .product(name: "NIOCore", package: "swift-nio"), .product(name: "NIOHTTP1", package: "swift-nio"),
                .product(name: "NIOPosix", package: "swift-nio"),
                .product(name: "NIOSSL", package: "swift-nio-ssl"),
            ]),
        tests("WireProtocols", ["Primitives", "ServiceModel", "TestSupport", "WireProtocols"]),
    ]
)
