internal import DynamoDBModel
internal import DynamoDBValues
internal import Primitives
internal import ServiceModel

/// The key that encrypts a replica: all replicas have the same kind of key, each from its own region.
///
/// - Source: answers recorded on AWS in October 2026 by a laboratory of the AWS Controllers for Kubernetes. There is no
///   KMS here, so it is not checked whether a key exists.
enum ReplicaKey {
    /// The kind of key that encrypts a table.
    enum Kind: Sendable, Hashable {
        /// DynamoDB's own.
        case owned
        /// The account's, managed by AWS.
        case managed
        case customer
    }

    static let managedAlias = "alias/aws/dynamodb"
    static let missing = ServiceError.invalid("KMSMasterKeyId must be specified for each replica.")
    static let mixed = ServiceError.invalid("All replica keys must either be Customer Managed CMK or AWS Managed CMK.")

    static func managed(_ region: Region, _ account: AccountID) -> String {
        ARN(service: "kms", region: region, account: account, resource: self.managedAlias).description
    }

    /// The key of a new replica of `own`; `given` as in the request.
    static func arn(
        _ given: String?, in region: Region, beside own: TableDescriptor, _ requestID: RequestID
    ) throws(ServiceError) -> String? {
        let isManaged = given == nil || given?.hasSuffix(self.managedAlias) == true
        switch own.encryptionKeyKind {
        case .owned:
            guard given == nil else { throw self.missing }
            return nil
        case .managed:
            guard isManaged else { throw self.mixed }
            return self.managed(region, own.account)
        case .customer:
            guard let given else { throw self.missing }
            guard !isManaged else { throw self.mixed }
            guard given.hasPrefix("arn:") else {
                return ARN(
                    service: "kms", region: region, account: own.account,
                    resource: given.hasPrefix("alias/") ? given : "key/\(given)"
                ).description
            }
            guard let arn = ARN(given), arn.region == region.description else {
                throw .validation(
                    SettingsRule.foreignKey(ARN(given)?.region ?? given, " for region \(region)", requestID))
            }
            return given
        }
    }
}

extension TableDescriptor {
    var encryptionKeyKind: ReplicaKey.Kind {
        guard let key = self.settings.encryptionKeyARN else { return .owned }
        return key.hasSuffix(ReplicaKey.managedAlias) ? .managed : .customer
    }
}
