/// Keys remember whether their users had policies, so that users whose policies were lost do not become unrestricted.
extension AccessKey {
    /// The users whose keys say that they had policies, but of whom `policies` knows nothing.
    package static func usersWithLostPolicies(
        _ keys: [AccessKey], _ policies: UserPolicyFile.Policies
    ) -> Set<UserReference> {
        Set(keys.filter(\.isRestricted).compactMap(\.user).filter { policies[$0] == nil })
    }

    /// The keys, each marked if its user has policies or had some.
    package static func marked(_ keys: [AccessKey], _ policies: UserPolicyFile.Policies) -> [AccessKey] {
        let lost = self.usersWithLostPolicies(keys, policies)
        return keys.map { key in
            var key = key
            key.isRestricted = key.user.map { policies[$0] != nil || lost.contains($0) } ?? false
            return key
        }
    }
}

extension UserPolicyFile {
    private static let usersToldMax = 3

    /// A sentence for the operator, with the remedy, about users whose policies were lost.
    package func lossSentence(_ users: Set<UserReference>) -> String {
        let names = users.map { "\($0.name) (account \($0.account))" }.sorted()
        let more = names.count - Self.usersToldMax
        let told = names.prefix(Self.usersToldMax).joined(separator: ", ") + (more > 0 ? " and \(more) more" : "")
        return "\(self.path) no longer has the policies of \(told): until they are back, these users may do nothing. "
            + "Restore the file from a backup, or put the policies again with `brume policies put`"
    }
}
