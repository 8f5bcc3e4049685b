internal import Primitives

extension PolicyDocument {
    /// Parses a policy of a kind. Accepts what IAM accepts leniently: a single statement without a list, `allow` for
    /// `Allow`.
    ///
    /// Accounts named by twelve digits become the ARNs of their roots, and duplicate principals are removed, as IAM
    /// stores them. The text must be bounded by the caller; IAM's limits are some tens of kilobytes.
    package init(_ text: String, _ grammar: PolicyGrammar) throws(PolicyError) {
        let root = try JSONParser.parse(text)
        let members: [JSONNode.Member]
        switch root.value {
        case .object(let found): members = found
        case .array: throw .invalidJSON
        case .string, .number, .boolean, .null: throw .noPolicy
        }
        var statements: [PolicyStatement]?
        self.init(version: nil, statements: [])
        for member in members {
            switch member.name {
            case "Version":
                guard case .string(let text) = member.node.value, let version = Version(rawValue: text) else {
                    throw PolicyError(behind: member.node)
                }
                self.version = version
            case "Id":
                guard case .string(let text) = member.node.value else { throw PolicyError(behind: member.node) }
                self.id = text
            case "Statement": statements = try Self.statements(member.node, grammar)
            default: throw PolicyError(behind: member.node)
            }
        }
        guard let statements else { throw PolicyError(behind: root) }
        guard !statements.isEmpty else { throw .noStatement }
        // IAM takes as many empty ones as there are; what resources' policies do with them is not known.
        let sids = statements.compactMap(\.sid).filter { grammar.hasPrincipal || !$0.isEmpty }
        guard Set(sids).count == sids.count else { throw .sidIsNotUnique }
        self.statements = statements
    }

    private static func statements(
        _ node: JSONNode, _ grammar: PolicyGrammar
    ) throws(PolicyError) -> [PolicyStatement] {
        switch node.value {
        case .object: return [try PolicyStatement(node, grammar)]
        case .array(let elements):
            var statements: [PolicyStatement] = []
            for element in elements { statements.append(try PolicyStatement(element, grammar)) }
            return statements
        default: throw PolicyError(behind: node)
        }
    }
}

extension PolicyError {
    init(behind node: JSONNode) {
        self = .syntax(line: node.end.line, column: node.end.column)
    }
}

extension PolicyStatement {
    init(_ node: JSONNode, _ grammar: PolicyGrammar) throws(PolicyError) {
        guard case .object(let members) = node.value else { throw PolicyError(behind: node) }
        var sid: String?
        var effect: Effect?
        var principal: PolicyPrincipals?
        var action: Patterns?
        var resource: Patterns?
        var conditions: [PolicyCondition] = []
        for member in members {
            let (name, value) = (member.name, member.node)
            switch name {
            case "Sid":
                guard case .string(let text) = value.value else { throw PolicyError(behind: value) }
                sid = text
            case "Effect":
                guard case .string(let text) = value.value else { throw PolicyError(behind: value) }
                switch text.lowercased() {
                case "allow": effect = .allow
                case "deny": effect = .deny
                default: throw PolicyError(behind: value)
                }
            case "Principal", "NotPrincipal":
                guard principal == nil else { throw PolicyError(behind: value) }
                principal = try PolicyPrincipals(value, isNegated: name == "NotPrincipal", grammar)
            case "Action", "NotAction":
                guard action == nil else { throw PolicyError(behind: value) }
                action = try Patterns(value, name, isNegated: name == "NotAction")
            case "Resource", "NotResource":
                guard resource == nil else { throw PolicyError(behind: value) }
                resource = try Patterns(value, name, isNegated: name == "NotResource")
            case "Condition": conditions = try PolicyCondition.all(value)
            default: throw PolicyError(behind: value)
            }
        }
        guard let effect else { throw .missingField("Effect") }
        if grammar.hasPrincipal, principal == nil { throw .missingField("Principal") }
        if !grammar.hasPrincipal, principal != nil { throw .prohibitedField("Principal") }
        guard let action else { throw .missingField("Action") }
        if grammar.hasResource, resource == nil { throw .missingField("Resource") }
        if !grammar.hasResource, resource != nil { throw .prohibitedField("Resource") }
        self.init(
            sid: sid, effect: effect, principal: principal, action: action, resource: resource,
            conditions: conditions)
    }
}

extension PolicyStatement.Patterns {
    fileprivate init(_ node: JSONNode, _ name: String, isNegated: Bool) throws(PolicyError) {
        let texts = try node.texts()
        guard !texts.isEmpty else { throw .emptyField(name) }
        self.init(texts.map { PolicyPattern($0) }, isNegated: isNegated)
    }
}

extension JSONNode {
    /// A string, or a list of strings.
    fileprivate func texts() throws(PolicyError) -> [String] {
        switch self.value {
        case .string(let text): return [text]
        case .array(let elements):
            var texts: [String] = []
            for element in elements {
                guard case .string(let text) = element.value else { throw PolicyError(behind: element) }
                texts.append(text)
            }
            return texts
        default: throw PolicyError(behind: self)
        }
    }
}

extension PolicyPrincipals {
    fileprivate init(_ node: JSONNode, isNegated: Bool, _ grammar: PolicyGrammar) throws(PolicyError) {
        let element = isNegated ? "NotPrincipal" : "Principal"
        switch node.value {
        case .string("*"): self.init(.everyone, isNegated: isNegated)
        case .object(let members):
            var named: [Named] = []
            for member in members {
                guard let kind = Named.Kind(rawValue: member.name) else { throw PolicyError(behind: member.node) }
                var values: [String] = []
                for text in try member.node.texts() {
                    let value = try Self.normalized(text, kind, grammar)
                    if !values.contains(value) { values.append(value) }
                }
                guard !values.isEmpty else { throw .emptyField(element) }
                named.append(Named(kind, values))
            }
            guard !named.isEmpty else { throw .emptyField(element) }
            self.init(.named(named), isNegated: isNegated)
        default: throw PolicyError(behind: node)
        }
    }

    private static func normalized(
        _ text: String, _ kind: Named.Kind, _ grammar: PolicyGrammar
    ) throws(PolicyError) -> String {
        switch kind {
        case .aws:
            if text == "*" { return text }
            if let account = AccountID(text) { return "arn:\(grammar.partition):iam::\(account):root" }
            guard let arn = ARN(text), arn.region.isEmpty, AccountID(arn.account) != nil, Self.isLawful(arn) else {
                throw .invalidPrincipal
            }
            return text
        case .service:
            guard text.hasSuffix(".amazonaws.com") || text.hasSuffix(".amazonaws.com.cn") else {
                throw .invalidPrincipal
            }
            return text
        case .federated, .canonicalUser:
            guard !text.isEmpty else { throw .invalidPrincipal }
            return text
        }
    }

    /// Users, roles, sessions and roots; a group is not a principal, and a name has no wildcards.
    private static func isLawful(_ arn: ARN) -> Bool {
        guard !arn.resource.utf8.contains(where: { $0 == UInt8(ascii: "*") || $0 == UInt8(ascii: "?") }) else {
            return false
        }
        let kinds = arn.service == "iam" ? ["user/", "role/"] : ["assumed-role/", "federated-user/"]
        if arn.service == "iam", arn.resource == "root" { return true }
        return ["iam", "sts"].contains(arn.service)
            && kinds.contains { arn.resource.hasPrefix($0) && arn.resource.utf8.count > $0.utf8.count }
    }
}

extension PolicyCondition {
    /// `{"StringEquals": {"aws:username": ["ana"]}}`
    fileprivate static func all(_ node: JSONNode) throws(PolicyError) -> [PolicyCondition] {
        guard case .object(let operators) = node.value else { throw PolicyError(behind: node) }
        var conditions: [PolicyCondition] = []
        for member in operators {
            guard let comparison = ConditionOperator(member.name), case .object(let keys) = member.node.value else {
                throw PolicyError(behind: member.node)
            }
            for key in keys {
                var values: [PolicyPattern] = []
                let nodes: [JSONNode]
                if case .array(let elements) = key.node.value { nodes = elements } else { nodes = [key.node] }
                for value in nodes {
                    guard let text = value.scalar else { throw PolicyError(behind: value) }
                    values.append(PolicyPattern(text))
                }
                conditions.append(PolicyCondition(comparison, key.name, values))
            }
        }
        return conditions
    }
}
