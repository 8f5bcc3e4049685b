internal import DynamoDBModel
internal import KeyValue
internal import ServiceModel
internal import Synchronization

/// The tokens of transactions that this process works on: one each, so never more than requests.
final class TokensInUse: Sendable {
    /// What each token's transaction is about.
    private let fingerprints = Mutex<[[UInt8]: [UInt8]]>([:])

    /// - Throws: TransactionInProgressException where the token's transaction is under way, and
    ///   IdempotentParameterMismatchException where that is another one.
    func begin(_ token: IdempotencyToken) throws(ServiceError) {
        let present = self.fingerprints.withLock { fingerprints -> [UInt8]? in
            guard let present = fingerprints[token.id] else {
                fingerprints[token.id] = token.fingerprint
                return nil
            }
            return present
        }
        guard let present else { return }
        guard present == token.fingerprint else { throw .idempotentParameterMismatch }
        throw DynamoDBError.transactionInProgress(
            message: "The transaction with the given request token is already in progress.")
    }

    func end(_ token: IdempotencyToken) {
        self.fingerprints.withLock { _ = $0.removeValue(forKey: token.id) }
    }
}
