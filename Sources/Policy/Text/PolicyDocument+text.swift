extension PolicyDocument {
    /// The policy in IAM's normal form: no spaces, members in IAM's order, lists of one element as that element.
    ///
    /// It parses to an equal document, and two texts with the same meaning have the same normal form.
    package var text: String {
        var writer = PolicyWriter()
        writer.object { writer in
            if let version = self.version { writer.member("Version", version.rawValue) }
            if let id = self.id { writer.member("Id", id) }
            writer.name("Statement")
            writer.array(self.statements) { writer, statement in statement.write(to: &writer) }
        }
        return writer.text
    }
}

extension PolicyStatement {
    fileprivate func write(to writer: inout PolicyWriter) {
        writer.object { writer in
            if let sid = self.sid { writer.member("Sid", sid) }
            writer.member("Effect", self.effect.rawValue)
            self.principal?.write(to: &writer)
            writer.member(self.action.isNegated ? "NotAction" : "Action", self.action.values.map(\.text))
            if let resource = self.resource {
                writer.member(resource.isNegated ? "NotResource" : "Resource", resource.values.map(\.text))
            }
            if !self.conditions.isEmpty { self.writeConditions(to: &writer) }
        }
    }

    private func writeConditions(to writer: inout PolicyWriter) {
        writer.name("Condition")
        writer.object { writer in
            // Conditions with the same operator form one object, as in the source.
            var written: Set<ConditionOperator> = []
            for condition in self.conditions where written.insert(condition.comparison).inserted {
                writer.name(condition.comparison.description)
                writer.object { writer in
                    for other in self.conditions where other.comparison == condition.comparison {
                        writer.member(other.key, other.values.map(\.text))
                    }
                }
            }
        }
    }
}

extension PolicyPrincipals {
    fileprivate func write(to writer: inout PolicyWriter) {
        let name = self.isNegated ? "NotPrincipal" : "Principal"
        switch self.form {
        case .everyone: writer.member(name, "*")
        case .named(let named):
            writer.name(name)
            writer.object { writer in
                for entry in named { writer.member(entry.kind.rawValue, entry.values) }
            }
        }
    }
}
