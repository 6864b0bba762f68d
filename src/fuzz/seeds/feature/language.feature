# language: fr
Fonctionnalité: lettres
  Scénario: un
    Soit a supplier with credentials for this target
