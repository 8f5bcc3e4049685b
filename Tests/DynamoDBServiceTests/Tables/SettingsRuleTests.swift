import DynamoDBModel
import Testing

private let invalid = "One or more parameter values were invalid: "

private func tags(count: Int) -> [DynamoDBModel.Tag] {
    (1...count).map { Tag(key: "k\($0)", value: "") }
}

/// What CreateTable demands of streams, encryption and tags, and what is shown of them.
struct SettingsRuleTests {
    @Test(
        arguments: [
            (
                tableInput {
                    $0.streamSpecification = StreamSpecification(streamEnabled: false, streamViewType: .newImage)
                },
                invalid + "Table is being created with a stream disabled, UpdateViewType should not be specified"
            ),
            (
                tableInput { $0.streamSpecification = StreamSpecification(streamEnabled: true) },
                invalid + "Table is being created with a stream enabled, UpdateViewType is required"
            ),
            (
                tableInput { $0.sseSpecification = SSESpecification(enabled: false, sseType: .kms) },
                invalid + "SSEType can not be specified if Enabled is false"
            ),
            (
                tableInput { $0.sseSpecification = SSESpecification(enabled: false, kmsMasterKeyID: "key") },
                invalid + "KMSMasterKeyId can not be specified if Enabled is false"
            ),
            (
                tableInput { $0.sseSpecification = SSESpecification(enabled: true, sseType: .aes256) },
                invalid + "SSEType AES256 is not supported"
            ),
            (
                tableInput { $0.sseSpecification = SSESpecification(enabled: true, kmsMasterKeyID: "key") },
                invalid + "SSEType KMS is required if KMSMasterKeyId is specified"
            ),
            (tableInput { $0.tags = [Tag(key: "", value: "")] }, "The Tag Key provided is invalid, Key: "),
            (
                tableInput { $0.tags = [Tag(key: String(repeating: "k", count: 129), value: "")] },
                "The Tag Key provided is invalid, Key: " + String(repeating: "k", count: 129)
            ),
            (
                tableInput { $0.tags = [Tag(key: "k", value: String(repeating: "v", count: 257))] },
                "The Tag Value provided is invalid, Value: " + String(repeating: "v", count: 257)
            ),
            (
                tableInput { $0.tags = [Tag(key: "aws:x", value: "")] },
                "Tag Key cannot be prefixed with aws:, Key: aws:x"
            ),
            (
                tableInput { $0.tags = [Tag(key: "k", value: "1"), Tag(key: "k", value: "2")] },
                "Duplicate Tag Keys provided as input: Duplicate Tag Key found k"
            ),
            (
                tableInput { $0.tags = tags(count: 51) },
                "Number of Tags exceed the current limit for the provided ResourceArn"
            ),
        ] as [(CreateTableInput, String)])
    func `a setting that contradicts itself is refused`(_ input: CreateTableInput, _ sentence: String) async {
        #expect(await TableFixture().refusal(input) == sentence)
    }

    @Test(arguments: [
        ("GlobalTableSourceArn", tableInput { $0.globalTableSourceARN = "arn:aws:dynamodb:us-east-1:1:table/t" }),
        ("GlobalTableSettingsReplicationMode", tableInput { $0.globalTableSettingsReplicationMode = .enabled }),
    ])
    func `what would have no effect is refused by name`(_ name: String, _ input: CreateTableInput) async {
        #expect(
            await TableFixture().refusal(input) == "The parameter \(name) is not supported by this version of Brume"
        )
    }

    @Test(
        arguments: [
            (SSESpecification(), nil), (SSESpecification(enabled: false), nil),
            (SSESpecification(enabled: true), "alias/aws/dynamodb"),
            (SSESpecification(sseType: .kms), "alias/aws/dynamodb"),
            (SSESpecification(enabled: true, sseType: .kms, kmsMasterKeyID: "1234"), "key/1234"),
            (SSESpecification(enabled: true, sseType: .kms, kmsMasterKeyID: "alias/mine"), "alias/mine"),
            (
                SSESpecification(
                    enabled: true,
                    sseType: .kms,
                    kmsMasterKeyID: "arn:aws:kms:eu-central-1:123456789012:key/abc"
                ), "key/abc"
            ),
        ] as [(SSESpecification, String?)])
    func `the key of an encrypted table is shown by its ARN`(
        _ specification: SSESpecification, _ resource: String?
    ) async throws {
        let fixture = TableFixture()
        try await fixture.create(tableInput { $0.sseSpecification = specification })
        let shown = try await fixture.describe("table")?.sseDescription
        #expect(shown?.kmsMasterKeyARN == resource.map { "arn:aws:kms:eu-central-1:123456789012:\($0)" })
        #expect(shown?.status == resource.map { _ in .enabled })
        #expect(shown?.sseType == resource.map { _ in .kms })
    }

    @Test func `a key of another region is refused as KMS does it`() async {
        let key = "arn:aws:kms:us-west-2:123456789012:key/abc"
        let refusal = await TableFixture().refusal(
            tableInput {
                $0.sseSpecification = SSESpecification(enabled: true, sseType: .kms, kmsMasterKeyID: key)
            }
        )
        let start =
            "KMS validation error: com.amazonaws.services.kms.model.NotFoundException: Invalid arn us-west-2 "
            + "(Service: AWSKMS; Status Code: 400; Error Code: NotFoundException; Request ID: "
        #expect(refusal?.hasPrefix(start) == true)
        #expect(refusal?.hasSuffix("; Proxy: null)") == true)
    }

    @Test func `a stream is shown with the moment it began at`() async throws {
        let fixture = TableFixture()
        try await fixture.create(
            tableInput {
                $0.streamSpecification = StreamSpecification(streamEnabled: true, streamViewType: .newAndOldImages)
            }
        )
        let table = try await fixture.describe("table")
        #expect(table?.streamSpecification?.streamEnabled == true)
        #expect(table?.streamSpecification?.streamViewType == .newAndOldImages)
        #expect(table?.latestStreamLabel == "2026-11-24T05:00:30.123")
        #expect(
            table?.latestStreamARN
                == "arn:aws:dynamodb:eu-central-1:123456789012:table/table/stream/2026-11-24T05:00:30.123"
        )
    }

    @Test func `tables without these settings show none`() async throws {
        let fixture = TableFixture()
        try await fixture.create(
            tableInput {
                $0.streamSpecification = StreamSpecification(streamEnabled: false)
                $0.onDemandThroughput = OnDemandThroughput()
                $0.warmThroughput = WarmThroughput()
                $0.tags = []
            }
        )
        let table = try await fixture.describe("table")
        #expect(table?.streamSpecification == nil)
        #expect(table?.latestStreamARN == nil)
        #expect(table?.sseDescription == nil)
        #expect(table?.onDemandThroughput == nil)
        #expect(table?.tableClassSummary == nil)
        #expect(table?.deletionProtectionEnabled == false)
    }
}
